// Shows where the seats of an order are, in both charts, while the mouse or the focus is on one of them.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("move_form");
  const all = [...form.querySelectorAll("[data-party]")];
  const point = (event) => {
    const party = event.target.closest?.("[data-party]")?.dataset.party;
    all.forEach((each) => each.classList.toggle("pointed-at", each.dataset.party === party));
  };
  form.addEventListener("mouseover", point);
  form.addEventListener("focusin", point);
  form.addEventListener("mouseleave", () => all.forEach((each) => each.classList.remove("pointed-at")));
});
