/** Finding things in the HTML. What index.html promises must be there. */

/**
 * @template {Element} [Found=HTMLElement]
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {Found}
 */
export function find(selector, root = document) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`index.html has no ${selector}`);
  return /** @type {any} */ (found);
}

/**
 * @template {HTMLElement} [Copy=HTMLElement]
 * @param {string} templateId
 * @returns {Copy}
 */
export function copyOf(templateId) {
  const template = /** @type {HTMLTemplateElement} */ (find(`template#${templateId}`));
  return /** @type {any} */ (document.importNode(template.content, true).firstElementChild);
}

/**
 * Only touches the page when something changed, since this happens several times a second.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {HTMLElement} element
 * @param {boolean} hidden
 */
export function setHidden(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}
