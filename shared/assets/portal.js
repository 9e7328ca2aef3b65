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
  if (!requestId) told.querySelector(".quiet").remove();
  if (status !== 401) told.querySelector(".way-on").remove();
  element.replaceChildren();
  await untilHeard();
  element.replaceChildren(told);
}

function reason({ text, status, param, retryAfter }) {
  if (text) return text;
  if (status === 0) return words.unreachable;
  if (status === 401) return words.sessionOver;
  if (status === 400 && param === "name") return words.nameRule;
  if (status === 409) return body.rows.length >= Number(words.most) ? words.full : words.conflict;
  if (status === 429) {
    const wait = retryAfter > 0 ? ages.format(retryAfter, "second") : words.aMoment;
    return words.limited.replace("{when}", wait);
  }
  return status >= 500 ? words.failed : words.refused;
}

// ---- Calls ----

/** What the API answers: `{ data }`, or `{ failure }` with status 0 where no answer of the API came. */
async function call(method, path, sent) {
  let response, answer;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      headers: sent ? { "Content-Type": "application/json" } : {},
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
      param: answer?.error?.param,
      requestId: answer?.meta?.requestId ?? response?.headers.get("X-Request-Id"),
      retryAfter: Number(response?.headers.get("Retry-After")),
    },
  };
}

/** A call that changes the keys: of the workspace that the page shows, and of no other, whoever is signed in by now. */
async function write(method, path, sent) {
  const { data, failure } = await call("GET", "/auth/me");
  if (failure) return { failure };
  if (data.accountId !== words.workspace) return { failure: { text: words.otherWorkspace } };
  const answer = await call(method, path, sent);
  if (answer.failure) answer.failure.wasSent = true;
  return answer;
}

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
      // Whoever is signed out can do nothing more here, and who insisted on closing is told outside.
      const inside = dialog.open && failure.status !== 401;
      if (!inside) dialog.close();
      await tell(inside ? told : problem, reason(failure), failure);
      if (!inside) problem.querySelector("a")?.focus();
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

byId("create").addEventListener("click", () => {
  byId("create-form").reset();
  nameField.removeAttribute("aria-invalid");
  creating.open();
  nameField.focus();
});

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
    const isUnknown = failure.wasSent && (failure.status === 0 || failure.status >= 500);
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
  createdDialog.showModal();
  byId("copy").focus();
  // What happens behind a dialog is not read out.
  const { name: created } = data;
  createdDialog.addEventListener("close", () => announce(words.created, created), { once: true });
}

/** From here on the key is nowhere. */
function forgetKey() {
  for (const place of [newKey, newKeyCurl, copied]) place.replaceChildren();
  copied.classList.remove("done");
}

byId("created-done").addEventListener("click", () => {
  forgetKey();
  createdDialog.close();
});
createdDialog.addEventListener("close", forgetKey);
addEventListener("pagehide", () => {
  forgetKey();
  createdDialog.close();
});
// A page that the browser kept shows what was.
addEventListener("pageshow", (event) => event.persisted && location.reload());

async function copy(source, copiedIt) {
  copied.textContent = "";
  let done = true;
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    done = false;
    getSelection().selectAllChildren(source);
  }
  await untilHeard();
  // Not after the dialog was closed meanwhile.
  if (!source.textContent) return;
  copied.classList.toggle("done", done);
  copied.textContent = done ? copiedIt : words.selected;
}

byId("copy").addEventListener("click", () => copy(newKey, words.copiedKey));
byId("copy-curl").addEventListener("click", () => copy(newKeyCurl, words.copiedCommand));

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
  if (failure && !(failure.wasSent && failure.status === 404)) return revoking.failed(failure);
  revokeDialog.close();
  const shown = [...body.rows].filter((row) => row.getClientRects().length);
  const at = shown.indexOf(gone);
  const beside = shown[at + 1] ?? shown[at - 1];
  gone.remove();
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
  const busy = document.querySelector("dialog[open], [aria-disabled], #problem > *");
  if (Date.now() - left < STALE_AFTER || busy || !navigator.onLine) tellMoments(body);
  else location.reload();
});

// From here on the page can do all that it offers.
document.documentElement.classList.add("scripted");
