// Starts `weightsmith language-server` and hands VS Code to it.
const { workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

function activate() {
  const command = workspace.getConfiguration("weightsmith").get("command");
  const documents = [{ language: "alg" }, { language: "net" }];
  client = new LanguageClient(
    "weightsmith",
    "Weightsmith",
    { command, args: ["language-server"] },
    { documentSelector: documents },
  );
  return client.start();
}

function deactivate() {
  return client === undefined ? undefined : client.stop();
}

module.exports = { activate, deactivate };
