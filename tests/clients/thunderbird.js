// What the scripts of thunderbird.py start with.

const win = Services.wm.getMostRecentWindow("mail:3pane");
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { MailUtils } = ChromeUtils.importESModule("resource:///modules/MailUtils.sys.mjs");

const pause = () => new Promise((resolve) => win.setTimeout(resolve, 25));

async function until(condition, what, milliseconds = 30000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    let value;
    try {
      value = condition();
    } catch (error) {
      value = null; // a window that is not there yet
    }
    if (value) return value;
    if (Date.now() > deadline) throw new Error("not in time: " + what);
    await pause();
  }
}

const tabs = () => win.document.getElementById("tabmail");
const mainTab = () =>
  tabs().tabInfo.find((tab) => tab.mode.name == "mail3PaneTab").chromeBrowser.contentWindow;

function isShown(element) {
  return !!element && !element.hidden && !element.collapsed &&
         !element.closest("[hidden],[collapsed=true]");
}

// What a person sees of the message in `view` (about:message).
function looks(view) {
  const element = (id) => view.document.getElementById(id);
  const body = view.getMessagePaneBrowser().contentDocument;
  return {
    subject: element("expandedsubjectBox").value.textContent.trim(),
    text: body?.body?.innerText ?? null,
    locked: isShown(element("encryptedHdrIcon")),
    sealed: isShown(element("signedHdrIcon"))
      ? element("signedHdrIcon").getAttribute("src").split("/").pop() : null,
    notices: [...view.document.querySelectorAll("notification-message")].map(
      (notice) => notice.messageText?.textContent ?? notice.textContent),
    attachments: [...view.document.querySelectorAll("#attachmentList > *")].map(
      (attachment) => attachment.getAttribute("name")),
  };
}

// Decryption goes on behind the window: wait until nothing has changed for a while.
async function settled(view, quiet = 400, milliseconds = 20000) {
  const deadline = Date.now() + milliseconds;
  let last = null;
  let since = Date.now();
  while (Date.now() < deadline) {
    await pause();
    let now;
    try {
      now = JSON.stringify(looks(view));
    } catch (error) {
      now = null;
    }
    if (now !== last) {
      last = now;
      since = Date.now();
    } else if (now !== null && Date.now() - since > quiet) {
      break;
    }
  }
  return looks(view);
}
