// The dialogs of the page of API keys, after `api_keys.js`, `new_key.js` and `key_fields.js`. They create and revoke
// keys through the API, like any client.

// ---- Creating ----

const createDialog = byId("create-dialog");
const createProblem = byId("create-problem");
const creating = confirmDialog(createDialog, byId("create-submit"), byId("create-cancel"), createProblem);
let createdName;
let isListed;

const showKey = newKeyDialog(async () => {
  if (await isListed) announce(words.created, createdName);
  else location.reload();
});

/** `typed` is what was typed before somebody signed in again. */
function openCreate(typed) {
  byId("create-form").reset();
  if (typed) fillForm(byId("create-form"), typed);
  const unlimited = { scopes: ["*"], expiresAt: null, allowedIps: [] };
  byId("more").open = JSON.stringify(readSettings()) !== JSON.stringify(unlimited);
  forgetFieldFailure();
  creating.open();
  nameField.focus();
}

byId("create-form").addEventListener("submit", (event) => {
  event.preventDefault();
  runOnce(byId("create-submit"), create);
});

async function create() {
  createProblem.replaceChildren();
  forgetFieldFailure();
  const fields = { name: nameField.value.trim(), ...readSettings() };
  const missing = missingField(fields);
  const { data, failure } = missing
    ? { failure: { status: 400, param: missing } }
    : await write("POST", "/api-keys", fields);
  if (failure) {
    if (isUnknown(failure)) failure.text = words.maybeCreated;
    return fieldFailed(failure, creating.failed);
  }
  createDialog.close();
  createdName = data.name;
  showKey(data.key);
  isListed = refreshList();
}

createProblem.addEventListener("click", (event) => {
  if (event.target.closest(".way-on")) typedKey.keep(valuesOf(byId("create-form")));
});

async function refreshList() {
  const fresh = await refresh("key-rows");
  byId("filter-all").checked = true;
  search.value = "";
  arrange();
  updateCounts();
  return !!fresh;
}

// ---- Revoking ----

const revokeDialog = byId("revoke-dialog");
const revoking = confirmDialog(revokeDialog, byId("revoke-confirm"), byId("revoke-cancel"), byId("revoke-problem"));
let row;

function openRevoke(about) {
  row = about;
  byId("revoke-name").textContent = nameOf(row);
  byId("revoke-prefix").textContent = row.querySelector(".key-prefix").textContent;
  revoking.open();
  byId("revoke-cancel").focus();
}

byId("revoke-confirm").addEventListener("click", () => runOnce(byId("revoke-confirm"), revoke));

async function revoke() {
  byId("revoke-problem").replaceChildren();
  let revoked = row;
  const { failure } = await write("DELETE", `/api-keys/${revoked.dataset.id}`);
  if (failure && failure.status !== 404) return revoking.failed(failure);
  revokeDialog.close();
  // The list may have been loaded again meanwhile.
  await isListed;
  revoked = rows().find((row) => row.dataset.id === revoked.dataset.id) ?? revoked;
  const shown = rows().filter((row) => row.getClientRects().length);
  const at = shown.indexOf(revoked);
  const neighbour = shown[at + 1] ?? shown[at - 1];
  revoked.remove();
  byId("empty-title").textContent = words.noneLeft;
  updateCounts();
  (neighbour?.querySelector(".revoke") ?? byId("create")).focus();
  announce(failure ? words.gone : words.revoked, nameOf(revoked));
}
