// @ts-check
/** The dialog in which people log in or sign up. It opens over what they do, and they go on from there. */

import { NotLoggedIn, onLoginNeeded, Problem } from "./api.js";
import { alertBox, announce, fill, h, workButton } from "./dom.js";
import { limits } from "./limits.js";
import { logIn, session, signUp, tokens } from "./session.js";

const demo = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="demo-customer"]'));

const heading = h("h2", { id: "login-title" });
const why = h("p", { class: "why" });
const alert = alertBox();
const connection = h("p", { class: "connection", role: "status" });
const form = h("form", { noValidate: true });
const other = h("button", { type: "button", class: "link" });
const close = h(
  "button",
  { type: "button", class: "close", "aria-label": "Close", onclick: () => dialog.close() },
  "×",
);
const dialog = h(
  "dialog",
  { class: "login", "aria-labelledby": "login-title" },
  close,
  heading,
  why,
  connection,
  alert,
  form,
  other,
);
document.body.append(dialog);

const rule = h("p", { class: "hint", id: "password-rule" });
const fields = {
  username: field("username", "User name", {
    autocomplete: "username",
    autocapitalize: "none",
    spellcheck: false,
  }),
  email: field("email", "E-mail", { type: "email", autocomplete: "email" }),
  password: field("password", "Password", { type: "password" }),
};

/** @param {string} name @param {string} label @param {Record<string, any>} props */
function field(name, label, props) {
  const input = h("input", {
    id: `login-${name}`,
    name,
    required: true,
    "aria-describedby": `login-${name}-error${name === "password" ? " password-rule" : ""}`,
    ...props,
  });
  const error = h("p", { class: "field-error", id: `login-${name}-error` });
  return {
    input,
    error,
    row: h("div", { class: "field" }, h("label", { for: input.id }, label), input, error),
  };
}

/** @param {boolean} signingUp */
function setMode(signingUp) {
  heading.textContent = signingUp ? "Sign up" : "Log in";
  fields.password.input.autocomplete = signingUp ? "new-password" : "current-password";
  clearErrors();
  rule.textContent = "";
  if (signingUp)
    limits().then(
      ({ password }) => (rule.textContent = `At least ${password.min_length} characters.`),
      () => {},
    );
  const submit = workButton(heading.textContent, "One moment…", () => enter(signingUp), "primary");
  submit.type = "submit";
  submit.removeEventListener("click", submit.press); // Enter in a field comes by way of the form too
  form.onsubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    submit.press();
  };
  const { username, email, password } = fields;
  fill(
    form,
    username.row,
    signingUp && email.row,
    password.row,
    signingUp && rule,
    submit,
    !signingUp && demo && demoHint(demo),
  );
  other.textContent = signingUp ? "I have an account: log in" : "New here? Sign up";
  other.onclick = () => {
    setMode(!signingUp); // what was typed stays typed
    fields.username.input.focus();
  };
}

/** @param {HTMLMetaElement} meta */
function demoHint({ content, dataset }) {
  const use = () => {
    fields.username.input.value = content;
    fields.password.input.value = dataset.password;
  };
  return h(
    "p",
    { class: "hint" },
    `To look around: ${content}, ${dataset.password}. `,
    h("button", { type: "button", class: "link", onclick: use }, "Fill in"),
  );
}

function clearErrors() {
  alert.say();
  for (const { input, error } of Object.values(fields)) {
    input.removeAttribute("aria-invalid");
    error.textContent = "";
  }
}

/** @param {Record<string, string[]>} errors by field */
function showErrors(errors) {
  const elsewhere = [];
  for (const [name, messages] of Object.entries(errors)) {
    const at = fields[/** @type {keyof typeof fields} */ (name)];
    if (!at) elsewhere.push(...messages);
    else {
      at.input.setAttribute("aria-invalid", "true");
      at.error.textContent = messages.join(" ");
    }
  }
  alert.say(elsewhere.join(" ") || "Please look at the marked fields.");
  form.querySelector('[aria-invalid="true"]')?.focus();
}

/** @param {boolean} signingUp */
async function enter(signingUp) {
  clearErrors();
  const typed = Object.fromEntries(Object.entries(fields).map(([name, { input }]) => [name, input.value]));
  const missing = Object.entries(typed).filter(([name, text]) => !text && (signingUp || name !== "email"));
  if (missing.length)
    return showErrors(Object.fromEntries(missing.map(([name]) => [name, ["Please fill this in."]])));
  try {
    if (signingUp) await signUp(/** @type {any} */ (typed));
    else await logIn(typed.username, typed.password);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.body.errors) showErrors(problem.body.errors);
    else {
      alert.say(
        problem.code === "no_active_account" ? "User name and password do not match." : problem.message,
      );
      fields.password.input.focus();
    }
    return;
  }
  fields.password.input.value = "";
  announce(`You are logged in as ${tokens()?.name}.`);
  dialog.close();
}

/** @type {Promise<void> | undefined} one dialog for all requests that wait for it */
let open;

/** Resolves once somebody is logged in; raises NotLoggedIn if the dialog is closed without. @param {string} [reason] */
export function openLogin(reason = "") {
  open ??= new Promise((resolve, reject) => {
    why.textContent = reason;
    setMode(false);
    dialog.showModal();
    fields.username.input.focus();
    const elsewhere = () => tokens() && dialog.close(); // in another tab
    session.addEventListener("change", elsewhere);
    dialog.addEventListener(
      "close",
      () => {
        session.removeEventListener("change", elsewhere);
        open = undefined;
        if (tokens()) resolve();
        else reject(new NotLoggedIn());
      },
      { once: true },
    );
  });
  return open;
}

export function closeLogin() {
  dialog.close();
}

onLoginNeeded((reason) =>
  openLogin(reason || "Log in or sign up to go on. What you have chosen stays chosen."),
);
