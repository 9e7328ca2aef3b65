// The script of the page of API keys, after `page.js`. The dialogs that create and revoke keys have a script of their
// own, `api_keys_dialogs.js`, so that the page is there sooner.

const list = byId("key-rows");
const rows = () => [...list.rows];
const nameOf = (row) => row.querySelector(".key-name").textContent;

// ---- Searching and sorting, from ten keys on ----

const search = byId("search");
const sort = byId("sort");
const timeIn = (row, place) => row.querySelector(`${place} time`)?.dateTime;
/** Ascending. What has no value comes last. */
const compare = (one, other) => (one === other ? 0 : (one ?? "~") < (other ?? "~") ? -1 : 1);
const orders = {
  newest: (one, other) => compare(other.dataset.id, one.dataset.id),
  name: (one, other) => nameOf(one).localeCompare(nameOf(other), language),
  used: (one, other) => compare(timeIn(other, ".last-used") ?? "", timeIn(one, ".last-used") ?? ""),
  expiry: (one, other) => compare(timeIn(one, ".expiry"), timeIn(other, ".expiry")),
};

/** Shows the keys that are searched for, in the chosen order; of equal ones, the newest first. */
function arrange() {
  const searched = search.value.trim().toLocaleLowerCase(language);
  for (const row of rows().sort(orders.newest).sort(orders[sort.value])) {
    const text = nameOf(row) + row.cells[1].textContent;
    row.hidden = !text.toLocaleLowerCase(language).includes(searched);
    list.append(row);
  }
  const count = rows().filter((row) => row.getClientRects().length).length;
  const found = words.found.replace("{count}", count).replace("{all}", list.rows.length);
  byId("found").textContent = searched ? found : "";
}

search.addEventListener("input", arrange);
sort.addEventListener("change", arrange);
byId("filter").addEventListener("change", arrange);

// At the maximum, the page says so at once, and not after somebody has typed a name.
const isFull = () => list.rows.length >= Number(words.most);

function updateCounts() {
  // With fewer keys than these the page hides the filter and the search, so they must not hide a key.
  if (list.rows.length < 2) byId("filter-all").checked = true;
  if (list.rows.length < 10) {
    search.value = "";
    sort.value = "newest";
    arrange();
  }
  for (const [name, value] of [["aria-disabled", "true"], ["aria-describedby", "full"]]) {
    if (isFull()) byId("create").setAttribute(name, value);
    else byId("create").removeAttribute(name);
  }
  byId("count-all").textContent = list.rows.length;
  byId("count-unused").textContent = list.querySelectorAll(".unused").length;
}

// ---- Dialogs ----

const typedKey = keptText("suppuo-typed-key");
let dialogs;

/** Loads the dialogs' script, once. */
function loadDialogs() {
  dialogs ??= new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = `/dashboard/assets/${words.dialogs}`;
    script.onload = loaded;
    script.onerror = failed;
    document.head.append(script);
  });
  return dialogs;
}

let isOpening = false;

/** Opens a dialog by `open`, a function of the dialogs' script. */
async function openDialog(open) {
  if (isOpening) return;
  isOpening = true;
  try {
    await loadDialogs();
    open();
  } catch {
    dialogs = undefined;
    // After a deployment, the script may have another name.
    await showFailure(problem, navigator.onLine ? byId("script-missing").textContent : words.unreachable, {});
  }
  isOpening = false;
}

byId("create").addEventListener("click", () => {
  if (isFull()) byId("full").focus();
  else openDialog(() => openCreate());
});

list.addEventListener("click", ({ target }) => {
  if (target.closest(".revoke")) openDialog(() => openRevoke(target.closest("tr")));
});

const typed = typedKey.take();
if (typed && !isFull()) openDialog(() => openCreate(typed));

// A key's page leads here when its key is revoked.
const told = keptText("suppuo-told").take();
if (told) announce(...told);

// The page shows what needs the script only with this class.
document.documentElement.classList.add("scripted");
