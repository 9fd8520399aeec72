// The search index is fetched when the reader turns to the search, not on every page load.
// Material asks for it by XMLHttpRequest as soon as it starts: that one request waits here.
(() => {
  "use strict";
  const waiting = [];
  let wanted = new URLSearchParams(location.search).has("q");
  const turn = (event) => {
    if (wanted || !event.target.matches?.("#__search, .md-search__input, [for=__search], [for=__search] *")) return;
    wanted = true;
    for (const send of waiting.splice(0)) send();
  };
  for (const event of ["focusin", "pointerdown", "change"]) addEventListener(event, turn, true);

  const { open, send } = XMLHttpRequest.prototype;
  const held = new WeakSet();
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    if (String(url).endsWith("/search/search_index.json")) held.add(this);
    return open.call(this, method, url, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (held.has(this) && !wanted) waiting.push(() => send.call(this, body));
    else send.call(this, body);
  };
})();
