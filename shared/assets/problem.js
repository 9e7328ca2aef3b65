// The script of the error page. Removes the issuer's code and state from the address bar and the history: the page gets
// an address under which it can be loaded again.
const query = new URLSearchParams(location.search);
if (["code", "state", "error"].some((name) => query.has(name))) {
  history.replaceState(null, "", document.getElementById("told").dataset.address);
}
