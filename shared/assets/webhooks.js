// The script of the page of webhooks, after `page.js`, `secret_dialog.js` and `webhook_log.js`. It adds and changes
// endpoints through the API, like any client.

const endpoints = byId("endpoints");
const path = (endpoint) => `/webhook-subscriptions/${endpoint.id}`;
const urlOf = (endpoint) => endpoint.querySelector(".url").textContent;

// ---- The list ----

/** As in `webhooks_page.rs`. */
function stateOf({ active, consecutiveFailures, heldUntil, disabledAt }) {
  if (!active) return disabledAt ? "disabled" : "paused";
  if (Date.parse(heldUntil) > now()) return "held";
  return consecutiveFailures ? "failing" : "active";
}

function showEndpoint(endpoint, subscription) {
  const place = (name) => endpoint.querySelector(`.${name}`);
  const { events, consecutiveFailures, disabledReason } = subscription;
  endpoint.dataset.state = stateOf(subscription);
  if (events.includes("*")) place("events").textContent = words.allEvents;
  else place("events").replaceChildren(...events.flatMap((pattern) => [codeOf(pattern), " "]));
  place("failures").textContent = consecutiveFailures;
  place("reason").textContent = disabledReason === "gone" ? words.answeredGone : words.keptFailing;
  for (const [name, at] of [
    ["failing-since", subscription.failingSince],
    ["held-until", subscription.heldUntil],
    ["disabled-at", subscription.disabledAt],
    ["added", subscription.createdAt],
  ]) {
    place(name).querySelector("time").dateTime = at ?? "";
  }
  showTimes(endpoint);
  showDisabled();
}

function codeOf(text) {
  const code = document.createElement("code");
  code.textContent = text;
  return code;
}

/** The banner's links. */
function showDisabled() {
  const links = [...endpoints.querySelectorAll('[data-state="disabled"]')].map((endpoint) => {
    const [item, link] = ["li", "a"].map((name) => document.createElement(name));
    link.href = `#${endpoint.id}`;
    link.append(endpoint.querySelector(".url").cloneNode(true));
    item.append(link);
    return item;
  });
  byId("disabled").querySelector("ul").replaceChildren(...links);
}

/** Shows how the receivers are doing now. */
async function refresh() {
  const { data } = await call("GET", "/webhook-subscriptions");
  for (const subscription of data?.subscriptions ?? []) {
    const endpoint = byId(subscription.id);
    if (endpoint) showEndpoint(endpoint, subscription);
  }
}

function addEndpoint(subscription) {
  const endpoint = byId("endpoint").content.querySelector(".endpoint").cloneNode(true);
  const title = endpoint.querySelector("h2");
  endpoint.id = subscription.id;
  title.id = `${subscription.id}-url`;
  endpoint.querySelector("[role=group]").setAttribute("aria-labelledby", title.id);
  endpoint.querySelector(".url").textContent = subscription.url;
  endpoints.prepend(endpoint);
  showEndpoint(endpoint, subscription);
  showFull();
}

/** Removes an endpoint that was deleted. */
function removeEndpoint(endpoint, announcement) {
  const neighbour = endpoint.nextElementSibling ?? endpoint.previousElementSibling;
  endpoint.remove();
  byId("empty-title").textContent = words.noneLeft;
  showFull();
  showDisabled();
  (neighbour?.querySelector("button[data-action=delete]") ?? byId("create")).focus();
  announce(announcement, urlOf(endpoint));
}

const isFull = () => endpoints.children.length >= Number(words.most);

function showFull() {
  for (const [name, value] of [["aria-disabled", "true"], ["aria-describedby", "full"]]) {
    byId("create").toggleAttribute(name, false);
    if (isFull()) byId("create").setAttribute(name, value);
  }
}

// ---- The secret, which is shown once ----

const newSecret = byId("new-secret");
const verification = byId("secret-verification");
verification.append(document.querySelector("#verify .verification").cloneNode(true));
let onceShown;

const openSecret = secretDialog({
  secret: newSecret,
  copies: [
    { button: byId("copy"), source: () => newSecret, announcement: words.copiedSecret },
    { button: byId("copy-code"), source: shownCode, announcement: words.copiedCode },
  ],
  closed: () => announce(...onceShown),
});

function shownCode() {
  const { value } = verification.querySelector("input:checked");
  return verification.querySelector(`[data-receiver=${value}] code`);
}

/** Opens the dialog, which announces the text with the URL after it is closed. */
function showSecret({ secret, url }, announcement, note = "") {
  onceShown = [announcement, url];
  newSecret.textContent = secret;
  byId("both-sign").textContent = note;
  openSecret();
}

// ---- Adding ----

const createDialog = byId("create-dialog");
const urlField = byId("url");
const createProblem = byId("create-problem");
const creating = confirmDialog(createDialog, byId("create-submit"), byId("create-cancel"), createProblem);
const typedUrl = keptText("suppuo-typed-url");

function openCreate(url) {
  byId("create-form").reset();
  urlField.removeAttribute("aria-invalid");
  creating.open();
  urlField.value = url;
  urlField.focus();
}

byId("create").addEventListener("click", () => (isFull() ? byId("full").focus() : openCreate("")));

byId("create-form").addEventListener("submit", (event) => {
  event.preventDefault();
  runOnce(byId("create-submit"), create);
});

createProblem.addEventListener("click", (event) => {
  if (event.target.closest(".way-on")) typedUrl.keep(urlField.value);
});

function chosenEvents() {
  if (byId("every-event").checked) return ["*"];
  return [...byId("event-types").querySelectorAll(":checked")].map((box) => box.value);
}

async function create() {
  createProblem.replaceChildren();
  urlField.removeAttribute("aria-invalid");
  const fields = { url: urlField.value.trim(), events: chosenEvents() };
  const missing = !fields.url ? "url" : fields.events.length ? undefined : "events";
  const { data, failure } = missing
    ? { failure: { status: 400, param: missing } }
    : await write("POST", "/webhook-subscriptions", fields);
  if (!failure) {
    addEndpoint(data);
    createDialog.close();
    return showSecret(data, words.created);
  }
  const { param } = failure;
  if (isUnknown(failure)) failure.text = words.maybeCreated;
  if (param === "url") failure.text = words.urlRule;
  if (param === "events") failure.text = words.eventsRule;
  await creating.failed(failure);
  if (param === "url") {
    urlField.setAttribute("aria-invalid", "true");
    urlField.focus();
  }
  if (param === "events") byId("event-types").querySelector("input").focus();
}

// ---- What the buttons of an endpoint do ----

/** Shows the failure at the endpoint, or removes the endpoint if somebody else has deleted it. */
async function failed(endpoint, failure) {
  if (failure.status === 404) return removeEndpoint(endpoint, words.gone);
  await showFailure(endpoint.querySelector(".problem"), failureText(failure), failure);
}

/** What came of an attempt. The error is for technicians, in English. */
function outcomeOf({ responseCode, durationMs, error }) {
  const text = (responseCode ? words.answered : words.noAnswerAfter)
    .replace("{code}", responseCode)
    .replace("{time}", new Intl.NumberFormat(words.locale).format(durationMs));
  // An answer's status says all, unless the rest of the answer was missing.
  return { text, error: responseCode >= 300 ? "" : error ?? "" };
}

/** Says at the endpoint what came of an action. The detail is in English. */
async function tell(endpoint, text, { isFailure = false, detail = "" } = {}) {
  const result = endpoint.querySelector(".result");
  const english = document.createElement("span");
  english.lang = "en";
  english.textContent = detail;
  result.classList.toggle("failed", isFailure);
  await liveRegionReady();
  result.replaceChildren(`${text} `, english);
}

async function test(endpoint) {
  const { data, failure } = await write("POST", `${path(endpoint)}/test`);
  if (failure) return failed(endpoint, failure);
  const { status, responseCode, durationMs, lastError } = data.delivery;
  const { text, error } = outcomeOf({ responseCode, durationMs, error: lastError });
  const isFailure = status !== "succeeded";
  await tell(endpoint, `${isFailure ? words.testFailed : words.testArrived} ${text}`, { isFailure, detail: error });
  // Nobody waits for these: another test can be sent at once.
  refresh();
  reloadLog(endpoint);
}

async function setActive(endpoint, active) {
  const { data, failure } = await write("PATCH", path(endpoint), { active });
  if (failure) return failed(endpoint, failure);
  // To resume it forgets the failures, which are to be sent again.
  endpoint.dataset.failedSince = failingSince(endpoint) ?? endpoint.dataset.failedSince ?? "";
  showEndpoint(endpoint, data);
  // The button that had the focus is hidden.
  endpoint.querySelector(`[data-action=${active ? "pause" : "resume"}]`).focus();
  await tell(endpoint, active ? words.wasResumed : words.wasPaused);
}

/** A dialog about one endpoint. Its ids begin with the name. */
function endpointDialog(name, field, work) {
  const dialog = byId(`${name}-dialog`);
  const confirm = byId(`${name}-confirm`);
  const message = byId(`${name}-problem`);
  const parts = confirmDialog(dialog, confirm, byId(`${name}-cancel`), message);
  let endpoint;
  const run = () =>
    runOnce(confirm, async () => {
      message.replaceChildren();
      const failure = await work(endpoint, dialog);
      if (!failure) return;
      if (failure.status !== 404) return parts.failed(failure);
      dialog.close();
      removeEndpoint(endpoint, words.gone);
    });
  if (confirm.form) {
    confirm.form.addEventListener("submit", (event) => {
      event.preventDefault();
      run();
    });
  } else {
    confirm.addEventListener("click", run);
  }
  return (about) => {
    if (isBusy(confirm)) return;
    endpoint = about;
    byId(`${name}-url`).textContent = urlOf(endpoint);
    parts.open();
    (field ?? byId(`${name}-cancel`)).focus();
  };
}

const openRotate = endpointDialog("rotate", byId("overlap"), async (endpoint, dialog) => {
  const overlapSeconds = Number(byId("overlap").value);
  const { data, failure } = await write("POST", `${path(endpoint)}/rotate-secret`, { overlapSeconds });
  if (failure) {
    if (isUnknown(failure)) failure.text = words.maybeRotated;
    return failure;
  }
  dialog.close();
  const until = moments.format(now() + overlapSeconds * 1000);
  showSecret(data, words.rotated, overlapSeconds ? words.bothSign.replace("{when}", until) : "");
});

const openDelete = endpointDialog("delete", undefined, async (endpoint, dialog) => {
  const { failure } = await write("DELETE", path(endpoint));
  if (failure) return failure;
  dialog.close();
  removeEndpoint(endpoint, words.deleted);
});

const WEEK = 7 * 24 * 60 * 60_000;

const openRecover = endpointDialog("recover", byId("since"), async (endpoint, dialog) => {
  const since = new Date(byId("since").value);
  const isValid = since > now() - WEEK && since <= now();
  const { data, failure } = isValid
    ? await write("POST", `${path(endpoint)}/recover`, { since: since.toISOString() })
    : { failure: { status: 400, param: "since" } };
  if (failure) {
    if (failure.status === 400) failure.text = words.sinceRule;
    if (failure.status === 409 && failure.param !== WORKSPACE_HEADER) failure.text = words.notNow;
    return failure;
  }
  dialog.close();
  await tell(endpoint, words.recovered.replace("{count}", data.queued));
  reloadLog(endpoint);
});

const failingSince = (endpoint) => endpoint.querySelector(".failing-since time").dateTime || undefined;

/** Suggests the time since which the endpoint fails, or did until it was resumed. */
function recover(endpoint) {
  const failedSince = Date.parse(failingSince(endpoint) ?? endpoint.dataset.failedSince);
  const earliest = now() - WEEK + 60_000;
  const since = byId("since");
  since.min = localMinute(earliest);
  since.max = localMinute(now());
  since.value = localMinute(Math.max(failedSince || now() - WEEK / 7, earliest));
  openRecover(endpoint);
}

const actions = {
  test,
  pause: (endpoint) => setActive(endpoint, false),
  resume: (endpoint) => setActive(endpoint, true),
  refresh: (endpoint) => Promise.all([refresh(), reloadLog(endpoint)]),
  older: showOlder,
  again: sendAgain,
};
// These open something at once.
const openings = { deliveries: toggleLog, rotate: openRotate, delete: openDelete, recover };

endpoints.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  const endpoint = button?.closest(".endpoint");
  if (!endpoint) return;
  const { action } = button.dataset;
  if (isBusy(button)) return;
  for (const place of [status, ...endpoint.querySelectorAll(".result, .problem")]) place.replaceChildren();
  if (openings[action]) openings[action](endpoint, button);
  else runOnce(button, () => actions[action](endpoint, button));
});

setInterval(() => {
  for (const held of endpoints.querySelectorAll('[data-state="held"]')) {
    if (Date.parse(held.querySelector(".held-until time").dateTime) <= now()) held.dataset.state = "failing";
  }
}, 60_000);

const typed = typedUrl.take();
if (typed !== undefined && !isFull()) openCreate(typed);

// The page shows what needs the script only with this class.
document.documentElement.classList.add("scripted");
