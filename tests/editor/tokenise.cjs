// Cuts texts by the TextMate grammar: node tokenise.cjs FOLDER GRAMMAR < texts.json > tokens.json
// FOLDER has node_modules with vscode-textmate and vscode-oniguruma.
const fs = require("fs");
const path = require("path");
const [folder, grammarFile] = process.argv.slice(2);
const modules = path.join(folder, "node_modules");
const textmate = require(path.join(modules, "vscode-textmate"));
const oniguruma = require(path.join(modules, "vscode-oniguruma"));

async function main() {
  const wasm = fs.readFileSync(path.join(modules, "vscode-oniguruma", "release", "onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () =>
      textmate.parseRawGrammar(fs.readFileSync(grammarFile, "utf8"), grammarFile),
  });
  const grammar = await registry.loadGrammar("source.alg");
  const cut = (text) => {
    let stack = textmate.INITIAL;
    return text.split("\n").map((line) => {
      const found = grammar.tokenizeLine(line, stack);
      stack = found.ruleStack;
      return found.tokens.map((one) => [
        line.slice(one.startIndex, one.endIndex),
        one.scopes[one.scopes.length - 1],
      ]);
    });
  };
  const texts = JSON.parse(fs.readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(texts.map(cut)));
}

main();
