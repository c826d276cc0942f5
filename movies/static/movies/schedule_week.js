// What is made is what was previewed: after a change above, the preview has to be asked for anew.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector(".schedule-form");
  const preview = document.getElementById("preview");
  if (!form || !preview) return;
  const outdate = () => {
    preview.classList.add("outdated");
    preview.querySelectorAll("[type=submit]").forEach((button) => (button.disabled = true));
  };
  form.addEventListener("input", outdate);
  form.addEventListener("change", outdate);
  // Django's calendar, clock and pop-ups change an input by a script, and tell only jQuery of it.
  django.jQuery(form).on("change", outdate);
});
