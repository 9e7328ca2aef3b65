// The script of a key's page, after `page.js`, `new_key.js` and `key_fields.js`. It changes the key through the API,
// like any client.

const path = `/api-keys/${words.id}`;
const settings = byId("settings");
const settingsProblem = byId("settings-problem");
const saveStatus = byId("save-status");
const limit = byId("limit");
const nameOfKey = () => byId("title").textContent;
const oldKey = () => document.querySelector("#old-key");
const announceOfKey = (text) => announce(text, nameOfKey());

/** Leads to the list, which announces the text: the key is no more. */
function leave(text) {
  keptText("suppuo-told").keep([text, nameOfKey()]);
  location.replace("/dashboard/api-keys");
}

/** Shows how the key is now. The page is loaded anew if that fails. */
async function refreshKey() {
  const fresh = await refresh("title", "state", "facts", "history");
  if (!fresh) return location.reload();
  // What somebody has typed stays.
  if (!("edited" in settings.dataset)) fillFields(fresh.querySelector("#settings"));
}

// ---- Settings ----

settingsFields.limit = [limit, words.limitRule];

/** As the API takes them. */
const readFields = () => ({ name: nameField.value.trim(), ...readSettings(), limit: readLimit() });

/** Empty if it is no number. */
function readLimit() {
  if (limit.validity.badInput) return "";
  return limit.value ? Number(limit.value) : null;
}

/** What the fields held when they were last as the key is. */
let saved;

/** Fills the fields with what the server wrote at a form. */
function fillFields({ dataset }) {
  const scopes = dataset.scopes.split(" ");
  const reads = scopes.includes("*:read") && scopes.every((scope) => scope.endsWith(":read"));
  const whole = scopes.includes("*") ? "*" : reads ? "*:read" : "";
  for (const choice of settings.querySelectorAll("[name=scopes]")) choice.checked = choice.value === whole;
  for (const area of areas) {
    const has = (access) => scopes.includes(`${area.name}:${access}`);
    area.value = has("write") ? "write" : has("read") || scopes.includes("*:read") ? "read" : "";
  }
  const at = Date.parse(dataset.expiresAt);
  expires.value = at ? "date" : "";
  expiresDate.value = at ? localMinute(at) : "";
  addresses.value = dataset.addresses.trim().replaceAll(" ", "\n");
  limit.value = dataset.limit;
  nameField.value = dataset.name;
  saved = readFields();
}

fillFields(settings);

// What was typed before somebody signed in again.
const keptFields = keptText(`suppuo-typed-${words.id}`);
const typed = keptFields.take();
if (typed) {
  fillForm(settings, typed);
  settings.dataset.edited = "";
}
settingsProblem.addEventListener("click", (event) => {
  if (event.target.closest(".way-on")) keptFields.keep(valuesOf(settings));
});

// Somebody was told that they would shut themselves out.
let force = false;

settings.addEventListener("input", () => {
  settings.dataset.edited = "";
  force = false;
});

settings.addEventListener("submit", (event) => {
  event.preventDefault();
  runOnce(byId("save"), save);
});

async function save() {
  for (const place of [settingsProblem, problem, status, saveStatus]) place.replaceChildren();
  forgetFieldFailure();
  const fields = readFields();
  const isChanged = ([name, value]) => JSON.stringify(value) !== JSON.stringify(saved[name]);
  const changed = Object.fromEntries(Object.entries(fields).filter(isChanged));
  if (!Object.keys(changed).length) return saveDone(words.nothingToSave);
  const missing = missingField(changed) ?? (changed.limit === "" ? "limit" : undefined);
  const { failure } = missing
    ? { failure: { status: 400, param: missing } }
    : await write("PATCH", path, force ? { ...changed, force } : changed);
  if (!failure) {
    force = false;
    delete settings.dataset.edited;
    await refreshKey();
    return saveDone(words.saved);
  }
  if (failure.status === 409 && failure.param === "allowedIps") {
    force = true;
    failure.text = words.shutsYouOut;
  }
  await fieldFailed(failure, failed(settingsProblem));
}

/** Says beside the button what came of it. */
async function saveDone(text) {
  await liveRegionReady();
  setTextWithName(saveStatus, text, nameOfKey());
}

/** Shows a failure at this place. The key may be gone. */
const failed = (place) => async (failure) => {
  if (failure.status === 404) return leave(words.gone);
  await showFailure(place, failureText(failure), failure);
};

// ---- Switching off and on ----

async function switchTo(enabled) {
  for (const place of [problem, status]) place.replaceChildren();
  const { failure } = await write("PATCH", path, { enabled });
  if (failure) return failed(problem)(failure);
  await refreshKey();
  // The button that had the focus is hidden.
  byId(enabled ? "switch-off" : "switch-on").focus();
  announceOfKey(enabled ? words.switchedOn : words.switchedOff);
}

byId("switch-off").addEventListener("click", () => runOnce(byId("switch-off"), () => switchTo(false)));
byId("switch-on").addEventListener("click", () => runOnce(byId("switch-on"), () => switchTo(true)));

// ---- Rotating, ending the old key, revoking ----

/** A dialog about the key. Its ids begin with the name. `work` returns a failure. */
function keyDialog(name, focused, work) {
  const dialog = byId(`${name}-dialog`);
  const confirm = byId(`${name}-confirm`);
  const message = byId(`${name}-problem`);
  const parts = confirmDialog(dialog, confirm, byId(`${name}-cancel`), message);
  confirm.addEventListener("click", () =>
    runOnce(confirm, async () => {
      message.replaceChildren();
      const failure = await work(dialog);
      if (failure?.status === 404) leave(words.gone);
      else if (failure) await parts.failed(failure);
    }),
  );
  return () => {
    if (isBusy(confirm) || dialog.open) return;
    byId(`${name}-name`).textContent = nameOfKey();
    byId(`${name}-prefix`).textContent = byId("prefix").textContent;
    parts.open();
    focused.focus();
  };
}

const overlap = byId("overlap");
const showKey = newKeyDialog(() => announceOfKey(words.rotated));

const openRotate = keyDialog("rotate", overlap, async (dialog) => {
  const prefix = byId("prefix").textContent;
  const fields = { overlapSeconds: Number(overlap.value), supersede: !!oldKey() };
  const { data, failure } = await write("POST", `${path}/rotate`, fields);
  if (!failure) {
    dialog.close();
    showKey(data.key);
    refreshKey();
    return;
  }
  if (isUnknown(failure)) {
    failure.text = words.maybeRotated;
    if (await refresh("state", "facts", "history")) {
      failure.text = byId("prefix").textContent === prefix ? words.notRotated : words.rotatedUnseen;
    }
  }
  return failure;
});

byId("rotate").addEventListener("click", openRotate);

const openEnd = keyDialog("end", byId("end-cancel"), async (dialog) => {
  const { failure } = await write("DELETE", `${path}/previous`);
  // It may have ended by itself.
  if (failure && failure.status !== 404) return failure;
  dialog.close();
  await ended();
});

async function ended() {
  await refreshKey();
  byId("rotate").focus();
  announceOfKey(words.ended);
}

byId("end").addEventListener("click", async () => {
  // Whether the old key is used decides whether it can be ended.
  await refresh("facts");
  if (!oldKey()) return ended();
  openEnd();
  byId("end-prefix").textContent = oldKey().querySelector("code").textContent;
  byId("end-use").textContent = oldKey().querySelector("#old-use").textContent;
});

const openRevoke = keyDialog("revoke", byId("revoke-cancel"), async () => {
  const { failure } = await write("DELETE", path);
  if (failure) return failure;
  leave(words.revoked);
});

byId("revoke").addEventListener("click", openRevoke);

// The page shows what needs the script only with this class.
document.documentElement.classList.add("scripted");
