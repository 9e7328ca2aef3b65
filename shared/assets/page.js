// What the scripts of all pages for signed-in users begin with. A page's script is this file, then its own ones, in one
// scope (`portal/assets.rs`): a second file would be one more request. They contain no texts: the page has them, in the
// reader's language.

const byId = (id) => document.getElementById(id);
const words = byId("words").dataset;
const status = byId("status");
const problem = byId("problem");
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

/** Announces what happened to the thing of this name. */
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

/** Whether the call may have been done all the same. */
const isUnknown = ({ status, isUnsent }) => status >= 500 || (status === 0 && !isUnsent);

/** A page's own text comes first. */
function failureText({ text, status, param, retryAfter, isUnsent }) {
  if (text) return text;
  if (status === 0) return isUnsent ? words.unreachable : words.noAnswer;
  if (status === 401) return words.sessionOver;
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

/** Returns `{ data, meta }` or `{ failure }`. The failure's status is 0 if the API did not answer. */
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
  if (response?.ok && answer?.data) return answer;
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

/** A call that changes something, and only in the workspace that the page shows, whoever has signed in since. */
const write = (method, path, fields) => call(method, path, fields, { [WORKSPACE_HEADER]: words.workspace });

/** Loads the page again, and takes its title and these elements' content. Returns the page, or nothing if it failed. */
async function refresh(...ids) {
  try {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(30_000) });
    if (!response.ok || response.redirected) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const id of ids) byId(id).replaceChildren(...fresh.getElementById(id).childNodes);
    document.title = fresh.title;
    showTimes(document);
    return fresh;
  } catch {
    // As without an answer.
  }
}

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

// ---- What survives going to another page, such as a text that was typed before signing in again ----

/** Only in the same tab and workspace. A secret is never stored. */
const keptText = (name) => ({
  keep(text) {
    try {
      sessionStorage.setItem(name, JSON.stringify({ workspace: words.workspace, text }));
    } catch {
      // Without storage, the text must be typed again.
    }
  },
  /** The text, once. */
  take() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(name));
      sessionStorage.removeItem(name);
      return kept?.workspace === words.workspace ? kept.text : undefined;
    } catch {
      // There is no storage.
    }
  },
});

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
const now = () => Date.now() + clockOffset;

/** Uses the same steps as `moment.rs`. */
function age(at) {
  const minutes = Math.floor((now() - at) / 60_000);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return words.justNow;
  if (hours < 1) return ages.format(-minutes, "minute");
  if (days < 1) return ages.format(-hours, "hour");
  if (days < 30) return ages.format(-days, "day");
  if (days < 365) return ages.format(-Math.min(Math.floor(days / 30), 11), "month");
  return ages.format(-Math.floor(days / 365), "year");
}

// How a time is written within these elements. Elsewhere it is a date.
const timeFormats = [[".last-used, .age", age], [".moment", moments.format]];

function showTimes(within) {
  for (const time of within.querySelectorAll('time:not([datetime=""])')) {
    const at = Date.parse(time.dateTime);
    const format = timeFormats.find(([within]) => time.closest(within))?.[1] ?? days.format;
    const text = format(at);
    // An unchanged text is not set again, because the reader may be selecting it.
    if (time.textContent !== text) time.textContent = text;
    time.title = moments.format(at);
  }
}

showTimes(document);
setInterval(() => showTimes(document), 60_000);

// Reloads the page when the reader comes back to it later, unless that would interrupt what they were doing.
const STALE_AFTER = 5 * 60_000;
let hiddenAt = Date.now();
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenAt = Date.now();
    return;
  }
  const messages = '[role="alert"]:not(#script-missing) > *';
  const busy = document.querySelector(`dialog[open], [aria-disabled]:not(#create), ${messages}, .log, [data-edited]`);
  if (Date.now() - hiddenAt < STALE_AFTER || busy || !navigator.onLine) showTimes(document);
  else location.reload();
});

// A page from the browser's back/forward cache is out of date.
addEventListener("pageshow", (event) => event.persisted && location.reload());
