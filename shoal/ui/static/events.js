// Follows server-sent events while the page is visible: for hidden pages nothing is read.

// The browser connects again by itself after a pause of the server.
export function follow(address, { onDocument, onProblem, onState = () => {} }) {
  let source = null;

  function open() {
    if (source) return;
    onState("connecting");
    source = new EventSource(`/events?page=${encodeURIComponent(address)}`);
    source.addEventListener("document", (event) => onDocument(JSON.parse(event.data)));
    source.addEventListener("problem", (event) => {
      const { problem, is_away } = JSON.parse(event.data);
      onProblem(problem, is_away ? "away" : "stopped");
    });
    source.onerror = () => onProblem(source?.readyState === EventSource.CLOSED
      ? "This browser has no access to this page any more. Open the address that `shoal ui` printed last in its terminal."
      : "`shoal ui` does not answer. Does it still run in its terminal? This page goes on once it answers.", "away");
  }

  function close() {
    source?.close();
    source = null;
    onState("paused");
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  if (!document.hidden) open();
}
