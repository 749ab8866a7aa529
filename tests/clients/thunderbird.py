"""Drives Debian's Thunderbird, headless, against an IMAP server and reports what it shows."""

import json
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import packages
from marionette import Marionette
from processes import wait_until

LIBRARY = (pathlib.Path(__file__).resolve().parent / "thunderbird.js").read_text()

PREFERENCES = {
    "marionette.port": 0,  # a free one; it is written to MarionetteActivePort
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.rights.version": 1,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "mail.inappnotifications.enabled": False,
    "app.donation.eoy.version.viewed": 999,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "app.update.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "mail.chat.enabled": False,
    "mailnews.database.global.indexer.enabled": False,
    "gfx.webrender.software": True,
    # An account, so that no assistant comes up.
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.localfoldersserver": "server1",
    "mail.account.account1.server": "server1",
    "mail.server.server1.type": "none",
    "mail.server.server1.hostname": "Local Folders",
    "mail.server.server1.name": "Local Folders",
    "mail.server.server1.userName": "nobody",
    "mail.server.server1.directory-rel": "[ProfD]Mail/Local Folders",
}


def missing():
    """None, or why it cannot be driven here."""
    return packages.missing("thunderbird")


def version():
    run = subprocess.run(["thunderbird", "--version"], capture_output=True, text=True, check=False)
    return run.stdout.strip()


class Thunderbird:
    def __init__(self, directory):
        directory = pathlib.Path(directory)
        self.profile = directory / "profile"
        home = directory / "home"
        self.profile.mkdir(parents=True)
        home.mkdir()
        (self.profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in PREFERENCES.items()))
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(directory),
                       "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "MOZ_HEADLESS": "1",
                       "MOZ_CRASHREPORTER_DISABLE": "1", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        self.log = directory / "thunderbird.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["thunderbird", "--profile", self.profile, "--no-remote", "--marionette",
                 "--remote-allow-system-access"], env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        try:
            self.marionette = Marionette(wait_until(self.port, "Thunderbird's port", 90))
            self.run("""
                await until(() => win && tabs() && mainTab().document.readyState == "complete" &&
                            mainTab().folderTree, "the main window");
                const { BondOpenPGP } = ChromeUtils.importESModule(
                  "chrome://openpgp/content/BondOpenPGP.sys.mjs");
                await BondOpenPGP.init();""")
        except BaseException:
            self.stop()
            raise

    def port(self):
        if self.process.poll() is not None:
            raise AssertionError("Thunderbird ended:\n" + self.log.read_text(errors="replace"))
        path = self.profile / "MarionetteActivePort"
        return int(path.read_text() or 0) if path.exists() else None

    def run(self, script, *arguments):
        return self.marionette.run(LIBRARY + script, *arguments)

    def import_secret_key(self, path):
        """Without passphrase; accepted as the user's own."""
        return self.run("""
            const { RNP } = ChromeUtils.importESModule(
              "chrome://openpgp/content/modules/RNP.sys.mjs");
            const { EnigmailKeyRing } = ChromeUtils.importESModule(
              "chrome://openpgp/content/modules/keyRing.sys.mjs");
            const { PgpSqliteDb2 } = ChromeUtils.importESModule(
              "chrome://openpgp/content/modules/sqliteDb.sys.mjs");
            const result = await RNP.importSecKeyBlockImpl(
              null, null, false, await IOUtils.readUTF8(given[0]));
            if (result.exitCode || !result.importedKeys.length)
              throw new Error("import: " + JSON.stringify(result));
            EnigmailKeyRing.clearCache();
            for (const id of result.importedKeys)
              await PgpSqliteDb2.acceptAsPersonalKey(EnigmailKeyRing.getKeyById(id).fpr);""",
                        str(path))

    def import_certificate(self, path):
        """Of a correspondent, accepted as verified."""
        return self.run("""
            const { RNP } = ChromeUtils.importESModule(
              "chrome://openpgp/content/modules/RNP.sys.mjs");
            const { EnigmailKeyRing } = ChromeUtils.importESModule(
              "chrome://openpgp/content/modules/keyRing.sys.mjs");
            const result = await RNP.importPubkeyBlockAutoAcceptImpl(
              null, await IOUtils.readUTF8(given[0]), "verified");
            if (result.exitCode || !result.importedKeys.length)
              throw new Error("import: " + JSON.stringify(result));
            EnigmailKeyRing.clearCache();""", str(path))

    def add_imap_account(self, port, address, password):
        """The URI of its INBOX; the address is the login too."""
        return self.run("""
            const [port, address, password] = given;
            const server =
              MailServices.accounts.createIncomingServer(address, "127.0.0.1", "imap");
            server.port = port;
            server.socketType = 0;
            server.authMethod = 3;
            server.password = password;
            server.loginAtStartUp = false;
            server.doBiff = false;
            server.QueryInterface(Ci.nsIImapIncomingServer).useIdle = false;
            const account = MailServices.accounts.createAccount();
            const identity = MailServices.accounts.createIdentity();
            identity.email = address;
            account.addIdentity(identity);
            account.incomingServer = server;
            server.valid = true;
            server.performExpand(null);
            const inbox = await until(
              () => server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox), "INBOX");
            await MailUtils.updateFolderAsync(inbox);
            return inbox.URI;""", port, address, password)

    def messages(self, folder):
        """[{key, id, subject}] as the message list has them."""
        return self.run("""
            const folder = MailUtils.getExistingFolder(given[0]);
            return [...folder.messages].map(header => ({
              key: header.messageKey, id: header.messageId, subject: header.mime2DecodedSubject }));""",
                        folder)

    def open(self, folder, key):
        """Selects a message and says what is seen: looks() in thunderbird.js."""
        return self.run("""
            const folder = MailUtils.getExistingFolder(given[0]);
            const main = mainTab();
            tabs().switchToTab(0);
            if (main.gFolder?.URI != folder.URI) {
              await until(() => main.folderPane.getRowForFolder(folder.URI), "the folder's row");
              main.displayFolder(folder.URI);
              await until(() => main.gFolder?.URI == folder.URI && main.gDBView, "the folder");
            }
            const header = folder.GetMessageHeader(given[1]);
            main.threadTree.selectedIndex = -1;
            const row = await until(() => {
              const index = main.gDBView.findIndexOfMsgHdr(header, true);
              return index < 0xffffffff && index + 1;
            }, "the message's row");
            main.threadTree.selectedIndex = row - 1;
            const view = await until(() => {
              const view = main.messageBrowser.contentWindow;
              return view.gMessage?.messageKey == given[1] && view.msgLoaded && view;
            }, "the message");
            return await settled(view);""", folder, key)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
