// @ts-check
/** Making elements, and speaking to those who do not see them. Text goes in as text, never as HTML. */

/** @typedef {Node | string | number | false | null | undefined} Child */

/**
 * Properties with "on" are listeners, `class` and names with a hyphen are attributes, the rest are properties.
 * @param {string} tag @param {Record<string, any>} [props] @param {...(Child | Child[])} children
 * @returns {any} the element; typed loosely, as its kind follows from the tag
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class" || name === "role" || name === "for" || name.includes("-"))
      element.setAttribute(name, value);
    else /** @type {any} */ (element)[name] = value;
  }
  append(element, children);
  return element;
}

/** @param {string} tag @param {Record<string, any>} [attributes] @param {...(Child | Child[])} children */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  append(element, children);
  return element;
}

/** @param {Element} element @param {(Child | Child[])[]} children */
function append(element, children) {
  for (const child of children.flat()) {
    if (child === false || child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** @param {Element} element @param {...(Child | Child[])} children */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

/** Say something to screen readers that is seen elsewhere on the page. @param {string} text */
export function announce(text) {
  const place = /** @type {HTMLElement} */ (document.getElementById("announcements"));
  place.textContent = place.textContent === text ? `${text}\u00a0` : text; // the same words again are a change too
}

/**
 * A place for refusals. It is there, empty, before it speaks: screen readers listen to what changes.
 * @returns {HTMLElement & {say: (...children: Child[]) => void}}
 */
export function alertBox() {
  const box = h("div", { class: "alert", role: "alert" });
  box.say = (/** @type {Child[]} */ ...children) => {
    fill(box, children);
    if (box.childNodes.length) box.scrollIntoView({ block: "nearest" });
  };
  return box;
}

/** A button that cannot be pressed twice: while its work goes on it says so and does nothing. */
export function workButton(
  /** @type {string} */ label,
  /** @type {string} */ working,
  /** @type {() => Promise<void>} */ work,
  className = "",
) {
  const button = h("button", { type: "button", class: className, onclick: press }, label);
  async function press() {
    if (button.getAttribute("aria-disabled") === "true") return;
    // Not `disabled`, which would throw the focus away.
    button.setAttribute("aria-disabled", "true");
    button.textContent = working;
    try {
      await work();
    } finally {
      button.removeAttribute("aria-disabled");
      button.textContent = label;
    }
  }
  button.press = press;
  return button;
}
