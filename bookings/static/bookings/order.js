// What the pages of orders do beyond HTML: each works without it.
document.addEventListener("DOMContentLoaded", () => {
  // What was refused is read first, where it stands.
  (document.querySelector("[role=alert]") ?? document.querySelector(".order-plan"))?.focus();

  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // Another share of the price: the sum follows what is typed, as the server rounds.
  const percent = document.getElementById("id_percent");
  const form = document.getElementById("cancel_form");
  if (percent && form) {
    const inEuros = (cents) => (cents / 100).toFixed(2);
    const update = () => {
      let sum = 0;
      form.querySelectorAll("[data-price]").forEach((line) => {
        const share = percent.value === "" ? Number(line.dataset.percent) : Number(percent.value);
        const cents = Math.floor((Math.round(Number(line.dataset.price) * 100) * share + 50) / 100);
        line.querySelector(".share").textContent = share;
        line.querySelector(".back").textContent = inEuros(cents);
        sum += cents;
      });
      form.elements.back.value = inEuros(sum);
      form.querySelector(".sum").textContent = inEuros(sum);
      form.querySelectorAll(".sum-in-button").forEach((each) => (each.textContent = inEuros(sum)));
    };
    percent.addEventListener("input", () => percent.checkValidity() && update());
    if (percent.checkValidity()) update();
  }

  const map = document.querySelector(".choose-seats");
  if (map) {
    const seats = [...map.querySelectorAll("input[type=checkbox]")];
    const count = document.querySelector(".chosen-count");
    const told = document.querySelector("[name=checked]");
    const exchange = document.querySelector("[name=_exchange]");
    const chosen = () => seats.filter((seat) => seat.checked).map((seat) => Number(seat.value)).sort((a, b) => a - b);
    seats.forEach((seat) => {
      seat.disabled = seat.closest(".status-booked, .status-held, .status-blocked") !== null;
    });
    const update = () => {
      count.textContent = `${chosen().length} of ${count.dataset.wanted} chosen.`;
      // What the page said is of the seats that it said it of.
      if (exchange) exchange.disabled = told.value.split(";")[0] !== chosen().join(",");
    };
    map.addEventListener("change", update);
    update();
    const own = map.querySelector(".status-own, .seat:has(input:checked)");
    if (own) {
      const scroller = own.closest(".seat-chart");
      scroller.scrollLeft = own.offsetLeft - scroller.clientWidth / 2;
    }

    // Arrows walk the seats, and the picture is one stop of the Tab key.
    const free = seats.filter((seat) => !seat.disabled);
    const enter = (seat) => free.forEach((each) => (each.tabIndex = each === seat ? 0 : -1));
    if (free.length) enter(free.find((seat) => seat.checked) ?? free[0]);
    map.addEventListener("focusin", (event) => free.includes(event.target) && enter(event.target));
    map.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step || !free.includes(event.target)) return;
      event.preventDefault();
      const middle = (seat) => {
        const box = seat.closest(".seat").getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2, box.height];
      };
      const [x, y, size] = middle(event.target);
      let best = null, least = Infinity;
      for (const seat of free) {
        const [otherX, otherY] = middle(seat);
        const along = step[0] ? (otherX - x) * step[0] : (otherY - y) * step[1];
        const aside = Math.abs(step[0] ? otherY - y : otherX - x);
        if (along < size / 4 || (step[0] && aside > size / 4)) continue;
        const distance = along + 2 * aside;
        if (distance < least) [best, least] = [seat, distance];
      }
      best?.focus();
    });
  }
});
