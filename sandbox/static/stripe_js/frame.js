// @ts-check
/**
 * The card fields of the Payment Element. They live in the sandbox's origin and answer only to the page that embeds
 * them, through the port that page sends with its first message.
 */
const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (document.getElementById(name));
const number = field("number"), expiry = field("expiry"), cvc = field("cvc");
const inputs = [number, expiry, cvc];
const consent = /** @type {HTMLElement} */ (document.getElementById("consent"));
const main = /** @type {HTMLElement} */ (document.getElementById("fields"));
/** @type {MessagePort | undefined} */
let port;
document.documentElement.style.colorScheme = decodeURIComponent(location.hash.slice(1)); // the page's around this one
document.body.classList.toggle("by-itself", window.parent === window);

const digits = (/** @type {string} */ text) => text.replace(/[^0-9]/g, "");
const amex = () => /^3[47]/.test(digits(number.value));

/** @param {string} text */
function passesLuhn(text) {
  let sum = 0;
  [...text].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}

/** @returns {{ month: number, year: number }} */
function printed() {
  const typed = digits(expiry.value);
  return { month: Number(typed.slice(0, 2)), year: 2000 + Number(typed.slice(2).slice(-2)) };
}

/** What is wrong with a field, as [code, sentence]; nothing when it is complete. */
const CHECKS = new Map([
  [number, () => {
    const typed = digits(number.value);
    if (typed.length < 13) return ["incomplete_number", "Your card number is incomplete."];
    return passesLuhn(typed) ? null : ["invalid_number", "Your card number is invalid."];
  }],
  [expiry, () => {
    const { month, year } = printed(), today = new Date();
    if (![4, 6].includes(digits(expiry.value).length) || month < 1 || month > 12) {
      return ["incomplete_expiry", "Your card's expiration date is incomplete."];
    }
    if (year < today.getFullYear()) return ["invalid_expiry_year_past", "Your card's expiration year is in the past."];
    const past = year === today.getFullYear() && month < today.getMonth() + 1;
    return past ? ["invalid_expiry_month_past", "Your card's expiration date is in the past."] : null;
  }],
  [cvc, () => digits(cvc.value).length === (amex() ? 4 : 3) ? null
    : ["incomplete_cvc", "Your card's security code is incomplete."]],
]);

/** Say beside the field what is wrong with it, or take it away. @param {HTMLInputElement} input @param {string[] | null} wrong */
function mark(input, wrong) {
  const note = /** @type {HTMLElement} */ (document.getElementById(`${input.id}-error`));
  note.textContent = wrong ? wrong[1] : "";
  note.hidden = !wrong;
  input.parentElement?.classList.toggle("wrong", Boolean(wrong));
  if (wrong) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Mark every field; the first that is wrong gets the focus, and is the answer. */
function check() {
  const found = inputs.map((input) => ({ input, wrong: CHECKS.get(input)?.() ?? null }));
  for (const { input, wrong } of found) mark(input, wrong);
  const first = found.find(({ wrong }) => wrong);
  first?.input.focus();
  return first?.wrong ? { type: "validation_error", code: first.wrong[0], message: first.wrong[1] } : null;
}

/** @param {{ collection: string, id: string, key: string, secret: string, params: any }} given */
async function confirm({ collection, id, key, secret, params }) {
  const { month, year } = printed();
  const body = new URLSearchParams({
    key, client_secret: secret, "payment_method_data[type]": "card",
    "payment_method_data[card][number]": digits(number.value), "payment_method_data[card][cvc]": digits(cvc.value),
    "payment_method_data[card][exp_month]": String(month), "payment_method_data[card][exp_year]": String(year),
  });
  const person = params.payment_method_data?.billing_details ?? {};
  for (const name of ["name", "email", "phone"]) {
    if (person[name]) body.set(`payment_method_data[billing_details][${name}]`, person[name]);
  }
  if (params.return_url) body.set("return_url", params.return_url);
  try {
    const answer = await (await fetch(`/v1/${collection}/${id}/confirm`, { method: "POST", body })).json();
    return answer.error ? { error: answer.error } : { intent: answer };
  } catch {
    return { error: { type: "api_connection_error", message: "The payment provider cannot be reached. Try again." } };
  }
}

/** @type {Record<string, (given: any) => unknown>} */
const VERBS = {
  describe: ({ saves }) => { consent.hidden = !saves; },
  check,
  confirm,
  focus: () => number.focus(),
  blur: () => /** @type {HTMLElement | null} */ (document.activeElement)?.blur(),
  clear: () => inputs.forEach((input) => { input.value = ""; mark(input, null); }),
};

const tell = (/** @type {string} */ event, /** @type {unknown} */ detail) => port?.postMessage({ event, detail });
const tellHeight = () => tell("height", Math.ceil(main.getBoundingClientRect().height));

window.addEventListener("message", (message) => {
  if (message.source !== window.parent || message.data !== "hello") return;
  port = message.ports[0];
  port.onmessage = async ({ data: { number: answer, verb, given } }) => {
    const value = await VERBS[verb]?.(given);
    port?.postMessage({ answer, value });
  };
  tellHeight();
});

/** Blanks between groups, as printed on the card; only while typing at the end, so the caret stays. @param {HTMLInputElement} input */
function group(input) {
  if (input.selectionStart !== input.value.length) return;
  const typed = digits(input.value);
  if (input === number) input.value = (amex() ? typed.match(/^.{1,4}|.{1,6}/g) : typed.match(/.{1,4}/g))?.join(" ") ?? "";
  else if (input === expiry && typed.length > 2) input.value = `${typed.slice(0, 2)} / ${typed.slice(2)}`;
}

for (const input of inputs) {
  input.addEventListener("input", (event) => {
    if (!(/** @type {InputEvent} */ (event).inputType ?? "").startsWith("delete")) group(input);
    mark(input, null);
    const complete = inputs.every((one) => !CHECKS.get(one)?.());
    const empty = inputs.every((one) => !one.value);
    tell("change", { complete, empty, collapsed: false, value: { type: "card" } });
  });
  input.addEventListener("blur", () => input.value && mark(input, CHECKS.get(input)?.() ?? null));
  input.addEventListener("focus", () => tell("focus", {}));
  input.addEventListener("blur", () => tell("blur", {}));
}
new ResizeObserver(tellHeight).observe(main);
