// Draws the seats below the text field while one types. The server reads the drawing, so that the
// preview and what is saved can never differ.
document.addEventListener("DOMContentLoaded", () => {
  const text = document.getElementById("id_seat_plan");
  const preview = document.getElementById("seat-plan-preview");
  if (!text || !preview) return;
  const seats = document.getElementById("id_total_seats");
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  let timer;
  let latest = 0;

  const draw = async () => {
    const mine = ++latest;
    const body = new FormData();
    body.append("seat_plan", text.value);
    body.append("total_seats", text.value.trim() ? "" : seats.value);
    const response = await fetch(preview.dataset.url, { method: "POST", body, headers: { "X-CSRFToken": token } });
    if (mine === latest && response.ok) preview.innerHTML = await response.text();
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(draw, 250); };

  text.addEventListener("input", soon);
  seats.addEventListener("input", soon);
  draw();
});
