// The script of the page of API keys. It creates and revokes keys through the API, like any client. It contains no
// texts: the page has them, in the reader's language.
//
// Over 400 lines: a second file would be one more request, and its parts share the dialogs and the list.

const byId = (id) => document.getElementById(id);
const words = byId("words").dataset;
const status = byId("status");
const problem = byId("problem");
const body = byId("keys").tBodies[0];
const language = document.documentElement.lang;

// ---- Messages ----

/** Shows the text with the name in place of `{name}`, isolated because the name may be written right to left. */
function setTextWithName(element, text, name) {
  const [before, after] = text.split("{name}");
  const isolated = document.createElement("bdi");
  isolated.textContent = name;
  element.replaceChildren(before, isolated, after);
}

/** Screen readers announce only changes to a live region that is already shown, so it is filled a moment later. */
const liveRegionReady = () => new Promise((resolve) => setTimeout(resolve, 100));

/** Announces what happened to the key of this name. */
async function announce(text, name) {
  // Reserves the space at once, so that nothing below moves under the pointer.
  status.replaceChildren("\u00a0");
  await liveRegionReady();
  setTextWithName(status, text, name);
}

/** Shows the failure in the element, with what to do about it and the id to quote. */
async function showFailure(element, text, { status, requestId }) {
  const message = byId("failure").content.cloneNode(true);
  message.querySelector(".what").textContent = text;
  message.querySelector(".request-id").textContent = requestId;
  if (status !== 401) message.querySelector(".way-on").remove();
  if (!requestId) message.querySelector(".quiet").remove();
  element.replaceChildren();
  await liveRegionReady();
  element.replaceChildren(message);
}

function failureText({ text, status, param, retryAfter, isUnsent }) {
  if (text) return text;
  if (status === 0) return isUnsent ? words.unreachable : words.noAnswer;
  if (status === 401) return words.sessionOver;
  if (status === 400 && param === "name") return words.nameRule;
  if (status === 409) return param === WORKSPACE_HEADER ? words.otherWorkspace : words.conflict;
  if (status === 429) {
    const wait = retryAfter > 0 ? ages.format(retryAfter, "second") : words.aMoment;
    return words.limited.replace("{when}", wait);
  }
  return status >= 500 ? words.failed : words.refused;
}

// ---- Calls ----

/** The header that states which workspace the page shows. The API refuses the write if the session has another one. */
const WORKSPACE_HEADER = "Suppuo-Workspace";

/** Returns `{ data }` or `{ failure }`. The failure's status is 0 if the API did not answer. */
async function call(method, path, fields, headers = {}) {
  // Offline, nothing is sent. Online, a request without an answer may have been sent.
  const isOffline = !navigator.onLine;
  let response, answer;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      headers: fields ? { ...headers, "Content-Type": "application/json" } : headers,
      body: fields && JSON.stringify(fields),
      signal: AbortSignal.timeout(30_000),
    });
    answer = await response.json();
  } catch {
    // The status below is 0.
  }
  if (response?.ok && answer?.data) return { data: answer.data };
  return {
    failure: {
      status: response && !response.ok ? response.status : 0,
      isUnsent: isOffline && !response,
      param: answer?.error?.param,
      requestId: answer?.meta?.requestId ?? response?.headers.get("X-Request-Id"),
      retryAfter: Number(response?.headers.get("Retry-After")),
    },
  };
}

/** A call that changes keys, and only in the workspace that the page shows, even if somebody else signed in since. */
const write = (method, path, fields) => call(method, path, fields, { [WORKSPACE_HEADER]: words.workspace });

/** Does the work unless it is already running. Disables the buttons and shows progress meanwhile. */
async function runOnce(button, work) {
  if (isBusy(button)) return;
  const label = button.textContent;
  const dialog = button.closest("dialog");
  const progress = dialog?.querySelector(".busy");
  const buttons = dialog?.querySelectorAll("button") ?? [button];
  for (const one of buttons) one.setAttribute("aria-disabled", "true");
  button.textContent = button.dataset.busy;
  if (progress) progress.textContent = button.dataset.busy;
  try {
    await work();
  } finally {
    for (const one of buttons) one.removeAttribute("aria-disabled");
    button.textContent = label;
    if (progress) progress.textContent = "";
  }
}

const isBusy = (button) => button.hasAttribute("aria-disabled");

/** A dialog with a confirm and a cancel button. It cannot be closed while the confirmed call is running. */
function confirmDialog(dialog, confirm, cancel, message) {
  dialog.addEventListener("cancel", (event) => isBusy(confirm) && event.preventDefault());
  cancel.addEventListener("click", () => isBusy(confirm) || dialog.close());
  return {
    async failed(failure) {
      // Browsers let people close the dialog anyway. Then the message is shown on the page.
      const place = dialog.open ? message : problem;
      await showFailure(place, failureText(failure), failure);
      if (failure.status === 401) place.querySelector("a")?.focus();
    },
    open() {
      for (const place of [message, problem, status]) place.replaceChildren();
      dialog.showModal();
    },
  };
}

// ---- Creating ----

const createDialog = byId("create-dialog");
const nameField = byId("name");
const createProblem = byId("create-problem");
const creating = confirmDialog(createDialog, byId("create-submit"), byId("create-cancel"), createProblem);
const createdDialog = byId("created-dialog");
const newKey = byId("new-key");
const newKeyCurl = byId("new-key-curl");
const copied = byId("copied");
const notSaved = byId("not-saved");

function openCreate(name) {
  byId("create-form").reset();
  nameField.removeAttribute("aria-invalid");
  creating.open();
  nameField.value = name;
  nameField.focus();
}

// At the maximum, the page says so at once, and not after somebody has typed a name.
const isFull = () => body.rows.length >= Number(words.most);
byId("create").addEventListener("click", () => (isFull() ? byId("full").focus() : openCreate("")));

byId("create-form").addEventListener("submit", (event) => {
  event.preventDefault();
  runOnce(byId("create-submit"), create);
});

async function create() {
  createProblem.replaceChildren();
  nameField.removeAttribute("aria-invalid");
  const name = nameField.value.trim();
  const { data, failure } = name
    ? await write("POST", "/api-keys", { name })
    : { failure: { status: 400, param: "name" } };
  if (failure) {
    const isUnknown = failure.status >= 500 || (failure.status === 0 && !failure.isUnsent);
    if (isUnknown) failure.text = words.maybeCreated;
    await creating.failed(failure);
    if (failure.param === "name") {
      nameField.setAttribute("aria-invalid", "true");
      nameField.focus();
    }
    return;
  }
  addRow(data);
  createDialog.close();
  newKey.textContent = data.key;
  newKeyCurl.textContent = words.curl.replace("{key}", data.key);
  isSaved = false;
  createdName = data.name;
  createdDialog.showModal();
  byId("copy").focus();
}

// The typed name survives signing in again, in the same tab and workspace. A key is never stored.
const TYPED_NAME = "suppuo-typed-name";
createProblem.addEventListener("click", (event) => {
  if (!event.target.closest(".way-on")) return;
  const typed = { workspace: words.workspace, name: nameField.value };
  try {
    sessionStorage.setItem(TYPED_NAME, JSON.stringify(typed));
  } catch {
    // Without storage, the name must be typed again.
  }
});

function restoreTypedName() {
  let typed;
  try {
    typed = JSON.parse(sessionStorage.getItem(TYPED_NAME));
    sessionStorage.removeItem(TYPED_NAME);
  } catch {
    // There is no storage.
  }
  if (typed?.workspace === words.workspace && !isFull()) openCreate(typed.name);
}

// ---- The new key, which is shown once ----

let isSaved;
let createdName;

/** Closes the dialog. If the key was neither copied nor selected, it asks first. */
function closeCreated() {
  if (isSaved) return createdDialog.close();
  byId("created-done").hidden = true;
  byId("created-saved").hidden = false;
  notSaved.textContent = words.notSaved;
  // On this button, pressing the same key once more does no harm.
  byId("copy").focus();
}

function saved() {
  isSaved = true;
  byId("created-done").hidden = false;
  byId("created-saved").hidden = true;
  notSaved.replaceChildren();
}

/** Removes the key from the page. */
function forgetKey() {
  for (const place of [newKey, newKeyCurl]) place.replaceChildren();
  saved();
  showCopied();
}

byId("created-done").addEventListener("click", closeCreated);
byId("created-saved").addEventListener("click", ({ detail }) => {
  // Ignores the second click of a double click on the button that was here before.
  if (detail < 2) {
    saved();
    createdDialog.close();
  }
});
// On the document: after a click on the dialog's text, nothing in the dialog has the focus.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !createdDialog.open) return;
  event.preventDefault();
  if (!event.repeat) closeCreated();
});
createdDialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  closeCreated();
});
// A click outside the dialog counts only if it starts and ends there: selecting text may end anywhere.
const isOutside = ({ target, clientX, clientY }) => {
  const { left, right, top, bottom } = createdDialog.getBoundingClientRect();
  return target === createdDialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
};
let isPressedOutside = false;
createdDialog.addEventListener("pointerdown", (event) => (isPressedOutside = isOutside(event)));
createdDialog.addEventListener("click", (event) => isPressedOutside && isOutside(event) && closeCreated());
createdDialog.addEventListener("close", () => {
  // Browsers may close it without asking, as on a second press of Escape.
  if (!isSaved) {
    createdDialog.showModal();
    return closeCreated();
  }
  if (!newKey.textContent) return;
  forgetKey();
  // Only now: screen readers do not announce changes behind an open dialog.
  announce(words.created, createdName);
});
document.addEventListener("selectionchange", () => {
  const key = newKey.textContent;
  if (key && String(getSelection()).includes(key)) saved();
});
addEventListener("pagehide", () => {
  forgetKey();
  createdDialog.close();
});
// A page from the browser's back/forward cache is out of date.
addEventListener("pageshow", (event) => event.persisted && location.reload());

const copyButtons = [byId("copy"), byId("copy-curl")];
const copyLabels = copyButtons.map((button) => button.textContent);

/** Marks the button whose text was copied last, and tells screen readers. */
function showCopied(button, text = "") {
  copyButtons.forEach((one, at) => {
    one.textContent = one === button ? words.copied : copyLabels[at];
    one.classList.toggle("done", one === button);
  });
  copied.classList.toggle("visually-hidden", !!button);
  copied.textContent = text;
}

async function copy(button, source, announcement) {
  showCopied();
  let done = true;
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    done = false;
    getSelection().selectAllChildren(source);
  }
  // The dialog may have been closed meanwhile.
  if (!source.textContent) return;
  if (done) {
    saved();
    showCopied(button);
  }
  await liveRegionReady();
  if (source.textContent) showCopied(done ? button : undefined, done ? announcement : words.selected);
}

byId("copy").addEventListener("click", () => copy(byId("copy"), newKey, words.copiedKey));
byId("copy-curl").addEventListener("click", () => copy(byId("copy-curl"), newKeyCurl, words.copiedCommand));

function addRow({ id, name, keyPrefix, createdAt }) {
  const row = byId("row").content.querySelector("tr").cloneNode(true);
  row.dataset.id = id;
  for (const place of row.querySelectorAll("bdi")) place.textContent = name;
  row.querySelector(".key-prefix code").prepend(keyPrefix);
  row.querySelector("time").dateTime = createdAt;
  body.prepend(row);
  byId("filter-all").checked = true;
  updateCounts();
  showTimes(row);
}

function updateCounts() {
  // With fewer than two keys the page hides the filter, so it must not hide a key.
  if (body.rows.length < 2) byId("filter-all").checked = true;
  for (const [name, value] of [["aria-disabled", "true"], ["aria-describedby", "full"]]) {
    if (isFull()) byId("create").setAttribute(name, value);
    else byId("create").removeAttribute(name);
  }
  byId("count-all").textContent = body.rows.length;
  byId("count-unused").textContent = body.querySelectorAll(".unused").length;
}

// ---- Revoking ----

const revokeDialog = byId("revoke-dialog");
const revoking = confirmDialog(revokeDialog, byId("revoke-confirm"), byId("revoke-cancel"), byId("revoke-problem"));
let row;

body.addEventListener("click", (event) => {
  if (!event.target.closest(".revoke") || isBusy(byId("revoke-confirm"))) return;
  row = event.target.closest("tr");
  byId("revoke-name").textContent = row.querySelector(".key-name").textContent;
  byId("revoke-prefix").textContent = row.querySelector(".key-prefix").textContent;
  revoking.open();
  byId("revoke-cancel").focus();
});

byId("revoke-confirm").addEventListener("click", () => runOnce(byId("revoke-confirm"), revoke));

async function revoke() {
  byId("revoke-problem").replaceChildren();
  const revoked = row;
  const { failure } = await write("DELETE", `/api-keys/${revoked.dataset.id}`);
  if (failure && failure.status !== 404) return revoking.failed(failure);
  revokeDialog.close();
  const shown = [...body.rows].filter((row) => row.getClientRects().length);
  const at = shown.indexOf(revoked);
  const neighbour = shown[at + 1] ?? shown[at - 1];
  revoked.remove();
  byId("empty-title").textContent = words.noneLeft;
  updateCounts();
  (neighbour?.querySelector(".revoke") ?? byId("create")).focus();
  announce(failure ? words.gone : words.revoked, revoked.querySelector(".key-name").textContent);
}

// ---- Signing out ----

byId("sign-out").addEventListener("submit", (event) => {
  event.preventDefault();
  runOnce(byId("sign-out-button"), signOut);
});

async function signOut() {
  problem.replaceChildren();
  const { failure } = await call("POST", "/auth/logout");
  // 401 means that nobody is signed in.
  if (failure && failure.status !== 401) return showFailure(problem, failureText(failure), failure);
  // Replaces this page in the history: going back to it would start a sign-in.
  location.replace(words.signedOut);
}

// ---- Dates and ages, in the reader's time zone ----

const ages = new Intl.RelativeTimeFormat(language);
const days = new Intl.DateTimeFormat(words.locale, { dateStyle: "long" });
const moments = new Intl.DateTimeFormat(words.locale, {
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});
// Ages use the server's clock, because the reader's may be wrong.
const clockOffset = Date.parse(words.now) - Date.now();

/** Uses the same steps as `moment.rs`. */
function age(at) {
  const minutes = Math.floor((Date.now() + clockOffset - at) / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return words.justNow;
  if (hours < 1) return ages.format(-minutes, "minute");
  if (days < 1) return ages.format(-hours, "hour");
  if (days < 30) return ages.format(-days, "day");
  if (days < 365) return ages.format(-Math.min(Math.floor(days / 30), 11), "month");
  return ages.format(-Math.floor(days / 365), "year");
}

function showTimes(within) {
  for (const time of within.querySelectorAll("time")) {
    const at = Date.parse(time.dateTime);
    const text = time.closest(".last-used") ? age(at) : days.format(at);
    // An unchanged text is not set again, because the reader may be selecting it.
    if (time.textContent !== text) time.textContent = text;
    time.title = moments.format(at);
  }
}

showTimes(body);
setInterval(() => showTimes(body), 60_000);

// Reloads the page when the reader comes back to it later, unless that would interrupt what they were doing.
const STALE_AFTER = 5 * 60_000;
let hiddenAt = Date.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenAt = Date.now();
    return;
  }
  const busy = document.querySelector("dialog[open], [aria-disabled]:not(#create), #problem > *");
  if (Date.now() - hiddenAt < STALE_AFTER || busy || !navigator.onLine) showTimes(body);
  else location.reload();
});

restoreTypedName();

// The page shows what needs the script only with this class.
document.documentElement.classList.add("scripted");
