// The pages to which mails link. What a link says stands behind its #, which no server sees.

const link = new URLSearchParams(location.hash.slice(1));
const parts = { uid: link.get("uid"), token: link.get("token") };
const hasLink = Boolean(parts.uid && parts.token);
const message = document.getElementById("message");

for (const part of document.querySelectorAll("[data-with-link], [data-without-link]")) {
  part.hidden = hasLink !== "withLink" in part.dataset;
}
for (const form of document.forms) form.addEventListener("submit", send);
addEventListener("hashchange", () => location.reload());

async function send(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const again = form.querySelector("[data-repeats]");
  if (again && again.value !== form.elements[again.dataset.repeats].value) {
    return say("The two passwords are not the same.");
  }
  const button = form.querySelector("button");
  button.disabled = true;
  say("");
  try {
    await submit(form);
  } catch {
    say("There is no connection. Please try again.");
  } finally {
    button.disabled = false;
  }
}

async function submit(form) {
  const body = Object.fromEntries(new FormData(form));
  if ("withLink" in form.dataset) Object.assign(body, parts);
  const response = await fetch(form.dataset.api, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) return say(Object.values(answer.errors ?? {}).flat().join("\n") || answer.detail);
  form.hidden = true;
  say(form.dataset.done ?? answer.detail);
}

function say(text) {
  message.textContent = text;
}
