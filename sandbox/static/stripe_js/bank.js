// @ts-check
// The bank is done: tell the page that embeds this one. No secret is in the message.
window.parent.postMessage("authenticated", "*");
