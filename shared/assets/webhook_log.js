// The log of an endpoint's deliveries, in the page of webhooks.

const moreExact = new Intl.DateTimeFormat(words.locale, { dateStyle: "medium", timeStyle: "medium" });
timeFormats.push([".second", moreExact.format]);

const LOG = "/webhook-subscriptions/deliveries";

/** Opens or closes the log. */
function toggleLog(endpoint, button) {
  const opened = endpoint.querySelector(".log");
  button.setAttribute("aria-expanded", String(!opened));
  if (opened) return opened.remove();
  const log = byId("log").content.querySelector(".log").cloneNode(true);
  endpoint.firstElementChild.append(log);
  log.querySelector("select").addEventListener("change", () => reloadLog(endpoint));
  reloadLog(endpoint);
}

/** Loads the newest deliveries, if the log is open. */
async function reloadLog(endpoint) {
  const log = endpoint.querySelector(".log");
  if (log) await loadLog(endpoint, log);
}

const showOlder = (endpoint) => loadLog(endpoint, endpoint.querySelector(".log"), true);

async function loadLog(endpoint, log, isOlder = false) {
  const list = log.querySelector(".log-list");
  const older = log.querySelector("[data-action=older]");
  const state = log.querySelector(".log-state");
  const query = new URLSearchParams({ subscriptionId: endpoint.id });
  const status = log.querySelector("select").value;
  if (status) query.set("status", status);
  if (isOlder) query.set("cursor", older.dataset.cursor);
  state.textContent = words.loading;
  // An answer to an earlier question comes too late.
  const question = (log.dataset.question = String(query));
  const { data, meta, failure } = await call("GET", `${LOG}?${query}`);
  if (!log.isConnected || log.dataset.question !== question) return;
  state.replaceChildren();
  if (failure) return failed(endpoint, failure);
  const open = new Set([...list.children].filter((item) => item.querySelector("[open]")).map(idOf));
  const before = isOlder ? [...list.children] : [];
  const items = data.map((delivery) => {
    const item = byId("delivery").content.querySelector("li").cloneNode(true);
    showDelivery(item, delivery);
    item.querySelector("details").open = open.has(delivery.id);
    return item;
  });
  list.replaceChildren(...before, ...items);
  older.hidden = !meta.hasMore;
  older.dataset.cursor = meta.cursor ?? "";
  if (!list.children.length && !meta.hasMore) state.textContent = words.noDeliveries;
  if (isOlder) items[0]?.querySelector("summary").focus();
}

const idOf = (item) => item.querySelector(".delivery-id").textContent;

function showDelivery(item, delivery) {
  const place = (name) => item.querySelector(`.${name}`);
  const { id, eventId, type, body, status, createdAt, nextRetryAt, lastError, attemptLog } = delivery;
  item.dataset.status = status;
  item.dataset.type = type;
  item.dataset.attempts = delivery.attempts;
  place("badge").textContent = { succeeded: words.succeeded, pending: words.pending }[status] ?? words.failedDelivery;
  for (const [name, text] of Object.entries({ type, "delivery-id": id, "event-id": eventId, body })) {
    place(name).textContent = text;
  }
  place("age").firstElementChild.dateTime = createdAt;
  place("next").hidden = !nextRetryAt;
  place("next").querySelector("time").dateTime = nextRetryAt ?? "";
  place("attempts").replaceChildren(...attemptLog.map(attemptItem));
  if (!attemptLog.length) place("attempts").textContent = words.noAttempts;
  // An attempt shows its own error. This is why there is no further one.
  place("ended").hidden = !lastError || lastError === attemptLog.at(-1)?.error;
  place("ended").querySelector("dd").textContent = lastError ?? "";
  showTimes(item);
}

function attemptItem(attempt) {
  const item = byId("attempt").content.querySelector("li").cloneNode(true);
  const { text, error } = outcomeOf(attempt);
  item.value = attempt.attemptNumber;
  item.querySelector("time").dateTime = attempt.attemptedAt;
  item.querySelector(".outcome").textContent = text;
  item.querySelector(".error").textContent = error;
  return item;
}

async function sendAgain(endpoint, button) {
  const item = button.closest(".delivery");
  const made = Number(item.dataset.attempts);
  const { data, failure } = await write("POST", `${LOG}/${idOf(item)}/retry`);
  if (failure) {
    if (failure.status === 409 && failure.param !== WORKSPACE_HEADER) failure.text = words.notNow;
    // The endpoint or only the delivery may be gone.
    if (failure.status === 404) failure.status = 410;
    return failed(endpoint, failure);
  }
  showDelivery(item, data);
  // The button that had the focus is hidden.
  item.querySelector("summary").focus();
  const isHeld = endpoint.dataset.state === "held";
  endpoint.querySelector(".log-state").textContent = isHeld ? words.sentLater : words.sentAgain;
  follow(endpoint, item, made);
}

/** Shows what comes of an attempt that was asked for. It takes a second, and longer if the receiver is slow. */
async function follow(endpoint, item, made) {
  for (const seconds of [1, 2, 4, 8, 16]) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    if (!item.isConnected) return;
    const { data } = await call("GET", `${LOG}/${idOf(item)}`);
    if (data && item.isConnected) showDelivery(item, data);
    if (!data || data.attempts > made) break;
  }
  endpoint.querySelector(".log-state")?.replaceChildren();
  refresh();
}
