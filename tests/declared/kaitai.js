// Reads streams as a specification for Kaitai Struct says, and prints every message as JSON:
//
//   node kaitai.js SPECIFICATION FIELD,FIELD,... STREAM...
//
// The compiler and its runtime are npm's `kaitai-struct-compiler`, `kaitai-struct` and `yaml`.

const fs = require("fs");
const KaitaiStream = require("kaitai-struct/KaitaiStream");
const Compiler = require("kaitai-struct-compiler");
const YAML = require("yaml");

const [specification, fields, ...streams] = process.argv.slice(2);
const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const plain = (value) => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return typeof value === "bigint" ? value.toString() : value;
};

(async () => {
  const compiler = new Compiler();
  const tree = YAML.parse(fs.readFileSync(specification, "utf8"), { intAsBigInt: false });
  const files = await compiler.compile("javascript", tree, null, false);
  const module = { exports: {} };
  for (const text of Object.values(files)) {
    new Function("module", "exports", "require", "define", text)(module, module.exports, require, undefined);
  }
  const Protocol = typeof module.exports === "function" ? module.exports : Object.values(module.exports)[0];
  for (const file of streams) {
    const octets = fs.readFileSync(file);
    const buffer = octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length);
    for (const message of new Protocol(new KaitaiStream(buffer)).messages) {
      const told = {};
      for (const field of fields.split(",")) told[field] = plain(message.header[camel(field)]);
      if (message.body !== undefined) told.body = plain(message.body);
      console.log(JSON.stringify(told));
    }
  }
})();
