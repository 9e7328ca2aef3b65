// The page of API keys: creates and revokes them through the API, as any client does.
// It holds no words. They are in the page, in the reader's language.

const byId = (id) => document.getElementById(id);
const words = byId("words").dataset;
const status = byId("status");
const problem = byId("problem");
const body = byId("keys").tBodies[0];
const language = document.documentElement.lang;

// ---- What is said ----

/** The text in the element, with the name in the place of `{name}`, whichever way the name is written. */
function say(element, text, name) {
  const [before, after] = text.split("{name}");
  const isolated = document.createElement("bdi");
  isolated.textContent = name;
  element.replaceChildren(before, isolated, after);
}

/** A screen reader says what changes while it listens, and not what was there when it began to. */
const untilHeard = () => new Promise((resolve) => setTimeout(resolve, 100));

/** Says what happened to the key of this name. */
async function announce(text, name) {
  // Its place is taken at once: what is below it does not move under a pointer.
  status.replaceChildren("\u00a0");
  await untilHeard();
  say(status, text, name);
}

/** The failure in the element, with what to do about it and the id to quote. */
async function tell(element, text, { status, requestId }) {
  const told = byId("failure").content.cloneNode(true);
  told.querySelector(".what").textContent = text;
  told.querySelector(".request-id").textContent = requestId;
  if (status !== 401) told.querySelector(".way-on").remove();
  if (!requestId) told.querySelector(".quiet").remove();
  element.replaceChildren();
  await untilHeard();
  element.replaceChildren(told);
}

function reason({ text, status, param, retryAfter, isUnsent }) {
  if (text) return text;
  if (status === 0) return isUnsent ? words.unreachable : words.noAnswer;
  if (status === 401) return words.sessionOver;
  if (status === 400 && param === "name") return words.nameRule;
  if (status === 409) return param === SHOWN ? words.otherWorkspace : words.conflict;
  if (status === 429) {
    const wait = retryAfter > 0 ? ages.format(retryAfter, "second") : words.aMoment;
    return words.limited.replace("{when}", wait);
  }
  return status >= 500 ? words.failed : words.refused;
}

// ---- Calls ----

/** The header that says which workspace a page shows. The API refuses a write with it where the session has another. */
const SHOWN = "Suppuo-Workspace";

/** What the API answers: `{ data }`, or `{ failure }` with status 0 where no answer of the API came. */
async function call(method, path, sent, headers = {}) {
  // Without a network nothing is sent. With one, what has not been answered may have been sent all the same.
  const isOffline = !navigator.onLine;
  let response, answer;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      headers: sent ? { ...headers, "Content-Type": "application/json" } : headers,
      body: sent && JSON.stringify(sent),
      signal: AbortSignal.timeout(30_000),
    });
    answer = await response.json();
  } catch {
    // Told by the status below.
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

/** A call that changes the keys: of the workspace that the page shows, and of no other, whoever is signed in by now. */
const write = (method, path, sent) => call(method, path, sent, { [SHOWN]: words.workspace });

/** Does the work unless it is under way, and says meanwhile that it is. */
async function once(button, work) {
  if (isBusy(button)) return;
  const label = button.textContent;
  const dialog = button.closest("dialog");
  const told = dialog?.querySelector(".busy");
  const held = dialog?.querySelectorAll("button") ?? [button];
  for (const one of held) one.setAttribute("aria-disabled", "true");
  button.textContent = button.dataset.busy;
  if (told) told.textContent = button.dataset.busy;
  try {
    await work();
  } finally {
    for (const one of held) one.removeAttribute("aria-disabled");
    button.textContent = label;
    if (told) told.textContent = "";
  }
}

const isBusy = (button) => button.hasAttribute("aria-disabled");

/** A dialog that asks: it stays while what it asked about is being done. */
function asking(dialog, confirm, cancel, told) {
  dialog.addEventListener("cancel", (event) => isBusy(confirm) && event.preventDefault());
  cancel.addEventListener("click", () => isBusy(confirm) || dialog.close());
  return {
    async failed(failure) {
      // Whoever insisted on closing is told outside.
      const place = dialog.open ? told : problem;
      await tell(place, reason(failure), failure);
      if (failure.status === 401) place.querySelector("a")?.focus();
    },
    open() {
      for (const place of [told, problem, status]) place.replaceChildren();
      dialog.showModal();
    },
  };
}

// ---- Creating ----

const createDialog = byId("create-dialog");
const nameField = byId("name");
const createProblem = byId("create-problem");
const creating = asking(createDialog, byId("create-submit"), byId("create-cancel"), createProblem);
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

// That there can be no more keys is said here, and not after a name was thought of.
const isFull = () => body.rows.length >= Number(words.most);
byId("create").addEventListener("click", () => (isFull() ? byId("full").focus() : openCreate("")));

byId("create-form").addEventListener("submit", (event) => {
  event.preventDefault();
  once(byId("create-submit"), create);
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

// What was typed is still there after signing in again, in this tab, for this workspace. Never a key.
const TYPED = "suppuo-typed-name";
createProblem.addEventListener("click", (event) => {
  if (!event.target.closest(".way-on")) return;
  const typed = { workspace: words.workspace, name: nameField.value };
  try {
    sessionStorage.setItem(TYPED, JSON.stringify(typed));
  } catch {
    // There is no storage. It has to be typed again.
  }
});

function takeUpTyped() {
  let typed;
  try {
    typed = JSON.parse(sessionStorage.getItem(TYPED));
    sessionStorage.removeItem(TYPED);
  } catch {
    // There is none, as above.
  }
  if (typed?.workspace === words.workspace && !isFull()) openCreate(typed.name);
}

// ---- The new key, which is shown once ----

let isSaved;
let createdName;

/** Closes the dialog. Whoever has neither copied the key nor selected it is asked first. */
function leaveCreated() {
  if (isSaved) return createdDialog.close();
  byId("created-done").hidden = true;
  byId("created-saved").hidden = false;
  notSaved.textContent = words.notSaved;
  // Where a key that is pressed once more does no harm.
  byId("copy").focus();
}

function saved() {
  isSaved = true;
  byId("created-done").hidden = false;
  byId("created-saved").hidden = true;
  notSaved.replaceChildren();
}

/** From here on the key is nowhere. */
function forgetKey() {
  for (const place of [newKey, newKeyCurl]) place.replaceChildren();
  saved();
  sayCopied();
}

byId("created-done").addEventListener("click", leaveCreated);
byId("created-saved").addEventListener("click", ({ detail }) => {
  // The second half of a double click on what was in this place is no answer.
  if (detail < 2) {
    saved();
    createdDialog.close();
  }
});
// Not of the dialog alone: where its text was clicked on, nothing in it has the focus.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !createdDialog.open) return;
  event.preventDefault();
  if (!event.repeat) leaveCreated();
});
createdDialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  leaveCreated();
});
// Beside the dialog: pressed there and let go there. Whoever selects something may let go anywhere.
const isBeside = ({ target, clientX, clientY }) => {
  const { left, right, top, bottom } = createdDialog.getBoundingClientRect();
  return target === createdDialog && (clientX < left || clientX > right || clientY < top || clientY > bottom);
};
let isPressedBeside = false;
createdDialog.addEventListener("pointerdown", (event) => (isPressedBeside = isBeside(event)));
createdDialog.addEventListener("click", (event) => isPressedBeside && isBeside(event) && leaveCreated());
createdDialog.addEventListener("close", () => {
  // A browser may close it unasked, as for a second press of Escape.
  if (!isSaved) {
    createdDialog.showModal();
    return leaveCreated();
  }
  if (!newKey.textContent) return;
  forgetKey();
  // What happens behind a dialog is not read out.
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
// A page that the browser kept shows what was.
addEventListener("pageshow", (event) => event.persisted && location.reload());

const copyButtons = [byId("copy"), byId("copy-curl")];
const copyLabels = copyButtons.map((button) => button.textContent);

/** What was copied last says so itself, and to who listens. */
function sayCopied(button, text = "") {
  copyButtons.forEach((one, at) => {
    one.textContent = one === button ? words.copied : copyLabels[at];
    one.classList.toggle("done", one === button);
  });
  copied.classList.toggle("visually-hidden", !!button);
  copied.textContent = text;
}

async function copy(button, source, copiedIt) {
  sayCopied();
  let done = true;
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    done = false;
    getSelection().selectAllChildren(source);
  }
  // Not after the dialog was closed meanwhile.
  if (!source.textContent) return;
  if (done) {
    saved();
    sayCopied(button);
  }
  await untilHeard();
  if (source.textContent) sayCopied(done ? button : undefined, done ? copiedIt : words.selected);
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
  count();
  tellMoments(row);
}

function count() {
  // One key needs no filter, and is not hidden by one.
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
const revoking = asking(revokeDialog, byId("revoke-confirm"), byId("revoke-cancel"), byId("revoke-problem"));
let row;

body.addEventListener("click", (event) => {
  if (!event.target.closest(".revoke") || isBusy(byId("revoke-confirm"))) return;
  row = event.target.closest("tr");
  byId("revoke-name").textContent = row.querySelector(".key-name").textContent;
  byId("revoke-prefix").textContent = row.querySelector(".key-prefix").textContent;
  revoking.open();
  byId("revoke-cancel").focus();
});

byId("revoke-confirm").addEventListener("click", () => once(byId("revoke-confirm"), revoke));

async function revoke() {
  byId("revoke-problem").replaceChildren();
  const gone = row;
  const { failure } = await write("DELETE", `/api-keys/${gone.dataset.id}`);
  if (failure && failure.status !== 404) return revoking.failed(failure);
  revokeDialog.close();
  const shown = [...body.rows].filter((row) => row.getClientRects().length);
  const at = shown.indexOf(gone);
  const beside = shown[at + 1] ?? shown[at - 1];
  gone.remove();
  byId("empty-title").textContent = words.noneLeft;
  count();
  (beside?.querySelector(".revoke") ?? byId("create")).focus();
  announce(failure ? words.gone : words.revoked, gone.querySelector(".key-name").textContent);
}

// ---- Signing out ----

byId("sign-out").addEventListener("submit", (event) => {
  event.preventDefault();
  once(byId("sign-out-button"), signOut);
});

async function signOut() {
  problem.replaceChildren();
  const { failure } = await call("POST", "/auth/logout");
  // Who is not signed in is signed out.
  if (failure && failure.status !== 401) return tell(problem, reason(failure), failure);
  // The way back does not lead through here, which would sign in again.
  location.replace(words.signedOut);
}

// ---- Moments, in the reader's time zone ----

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
// Ages are told by the server's clock, not by the reader's, which may be wrong.
const ahead = Date.parse(words.now) - Date.now();

/** By the same steps as `moment.rs`. */
function age(at) {
  const minutes = Math.floor((Date.now() + ahead - at) / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return words.justNow;
  if (hours < 1) return ages.format(-minutes, "minute");
  if (days < 1) return ages.format(-hours, "hour");
  if (days < 30) return ages.format(-days, "day");
  if (days < 365) return ages.format(-Math.min(Math.floor(days / 30), 11), "month");
  return ages.format(-Math.floor(days / 365), "year");
}

function tellMoments(within) {
  for (const time of within.querySelectorAll("time")) {
    const at = Date.parse(time.dateTime);
    const text = time.closest(".last-used") ? age(at) : days.format(at);
    // A text that stays is left alone: the reader may be selecting it.
    if (time.textContent !== text) time.textContent = text;
    time.title = moments.format(at);
  }
}

tellMoments(body);
setInterval(() => tellMoments(body), 60_000);

// Who comes back later sees what has happened meanwhile, unless that is in the way of what they were doing.
const STALE_AFTER = 5 * 60_000;
let left = Date.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    left = Date.now();
    return;
  }
  const busy = document.querySelector("dialog[open], [aria-disabled]:not(#create), #problem > *");
  if (Date.now() - left < STALE_AFTER || busy || !navigator.onLine) tellMoments(body);
  else location.reload();
});

takeUpTyped();

// From here on the page can do all that it offers.
document.documentElement.classList.add("scripted");
