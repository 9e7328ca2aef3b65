// The fields of a key's settings: in the dialog that creates a key, and on a key's page.

const nameField = byId("name");
const expires = byId("expires");
const expiresDate = byId("expires-date");
const addresses = byId("addresses");
const areas = [...byId("areas").querySelectorAll("select")];
const DAY = 24 * 60 * 60_000;

/** No scope if no area was chosen. */
function readScopes() {
  const { value } = document.querySelector("[name=scopes]:checked");
  if (value) return [value];
  return areas.filter((area) => area.value).map((area) => `${area.name}:${area.value}`);
}

/** `undefined` if the date is missing. */
function readExpiry() {
  if (!expires.value) return null;
  const at = expires.value === "date" ? Date.parse(expiresDate.value) : now() + expires.value * DAY;
  return at ? new Date(at).toISOString() : undefined;
}

/** An address is a block of one. */
function readAddresses() {
  const blockOf = (one) => (one.includes("/") ? one : `${one}/${one.includes(":") ? 128 : 32}`);
  return addresses.value.split(/[\s,]+/).filter(Boolean).map(blockOf);
}

/** As the API takes them. */
const readSettings = () => ({ scopes: readScopes(), expiresAt: readExpiry(), allowedIps: readAddresses() });

/** All that is in a form, to be kept while somebody signs in again. */
const valueOf = (field) => (field.type === "radio" ? field.checked : field.value);
const valuesOf = (form) => [...form.elements].map(valueOf);

function fillForm(form, values) {
  [...form.elements].forEach((field, place) => (field[field.type === "radio" ? "checked" : "value"] = values[place]));
}

/** What the API calls each field: where it is, and what to say if the API refuses it. */
const settingsFields = {
  name: [nameField, words.nameRule],
  scopes: [byId("chosen"), words.scopesRule],
  expiresAt: [expires, words.expiryRule],
  allowedIps: [addresses, words.addressesRule],
};

/** The field that cannot be sent. */
function missingField(fields) {
  if (fields.name === "") return "name";
  if (fields.scopes?.length === 0) return "scopes";
  if ("expiresAt" in fields && fields.expiresAt === undefined) return "expiresAt";
}

function forgetFieldFailure() {
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** Shows a failure by `show`, and leads to the field that it is about. */
async function fieldFailed(failure, show) {
  const [field, rule] = (failure.status === 400 && settingsFields[failure.param]) || [];
  if (field) failure.text ??= rule;
  await show(failure);
  if (!field) return;
  field.closest("details")?.setAttribute("open", "");
  const isDate = field === expires && expires.value === "date";
  const wrong = isDate ? expiresDate : field;
  if (wrong.type !== "radio") wrong.setAttribute("aria-invalid", "true");
  wrong.focus();
}
