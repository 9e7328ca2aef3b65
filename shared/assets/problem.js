// The page of problems. What the issuer answered a sign-in with, a code and a state, does not stay in the address bar
// and the history: the page gets an address of its own, under which it is told again.
const query = new URLSearchParams(location.search);
if (["code", "state", "error"].some((name) => query.has(name))) {
  history.replaceState(null, "", document.getElementById("told").dataset.address);
}
