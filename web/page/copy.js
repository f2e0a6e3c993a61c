/** Copies text, also on plain http by IP, where browsers withhold navigator.clipboard. */

/**
 * @param {HTMLInputElement} field shows the text; stays selected when copying is not possible at all
 * @returns {Promise<boolean>}
 */
export async function copyFrom(field) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // refused by a permission: the old way may still work
    }
  }
  field.focus();
  field.setSelectionRange(0, field.value.length);
  return document.execCommand("copy");
}
