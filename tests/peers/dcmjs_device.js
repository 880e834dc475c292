// A device made of dcmjs-dimse. Takes {at, steps} as JSON on stdin, where `at` is {port, calling,
// called, listen} and each step [kind, values], and prints a list with the outcome of each step.
"use strict";

const { Client, Dataset, Scp, Server, constants, log, requests, responses } = require(process.argv[2]);

const MPPS = constants.SopClass.ModalityPerformedProcedureStep;
const COMMITMENT = constants.SopClass.StorageCommitmentPushModel;
const COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1";
const PATIENCE = 20000;

/** Sends requests in one association; resolves with the status and dataset of each answer. */
function ask(at, asked, onReport) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const answers = [];
    for (const request of asked) {
      request.on("response", (answer) => {
        const elements = answer.hasDataset() ? answer.getDataset().getElements() : undefined;
        const uid = answer.getAffectedSopInstanceUid();
        answers.push({ status: answer.getStatus(), comment: answer.getErrorComment(), uid, elements });
      });
      client.addRequest(request);
    }
    client.on("associationRejected", (why) => reject(new Error(`rejected: ${JSON.stringify(why)}`)));
    client.on("networkError", reject);
    client.on("closed", () => resolve(answers));
    if (onReport) client.on("nEventReportRequest", onReport);
    const lingering = onReport ? { associationLingerTimeout: 3000 } : {};
    client.send("127.0.0.1", at.port, at.calling, at.called, lingering);
  });
}

function withDataset(request, elements) {
  request.setDataset(new Dataset(elements));
  return request;
}

/**
 * Returns a worklist query with these keys only. Those of createWorklistFindRequest are of another
 * service as well, and each match is then FF01, which the library takes for the last answer.
 */
function worklistRequest(query) {
  const request = new requests.CFindRequest();
  request.setAffectedSopClassUid(constants.SopClass.ModalityWorklistInformationModelFind);
  return withDataset(request, query);
}

/** Returns what a report says, and answers it. */
function take(report, callback) {
  const answer = responses.NEventReportResponse.fromRequest(report);
  answer.setStatus(constants.Status.Success);
  callback(answer);
  return { type: report.getEventTypeId(), ...report.getDataset().getElements() };
}

/** Listens for one N-EVENT-REPORT on an association of the other side's. */
function listen(port) {
  let server;
  const report = new Promise((resolve, reject) => {
    class Listener extends Scp {
      associationRequested(association) {
        for (const { id } of association.getPresentationContexts()) {
          const context = association.getPresentationContext(id);
          const [first] = context.getTransferSyntaxUids();
          const known = context.getAbstractSyntaxUid() === COMMITMENT;
          context.setResult(known ? 0 : 3, first);
        }
        this.sendAssociationAccept();
      }
      nEventReportRequest(request, callback) {
        resolve(take(request, callback));
      }
      associationReleaseRequested() {
        this.sendAssociationReleaseResponse();
      }
    }
    setTimeout(() => reject(new Error("no N-EVENT-REPORT came")), PATIENCE).unref();
    server = new Server(Listener);
    server.on("networkError", reject);
    server.listen(port);
  });
  return { report, close: () => server.close() };
}

const STEPS = {
  echo: (at) => ask(at, [new requests.CEchoRequest()]),
  worklist: (at, { query }) => ask(at, [worklistRequest(query)]),
  store: (at, { files }) => ask(at, files.map((file) => new requests.CStoreRequest(file))),
  create: (at, { uid, elements }) =>
    ask(at, [withDataset(new requests.NCreateRequest(MPPS, uid), elements)]),
  set: (at, { uid, elements }) => ask(at, [withDataset(new requests.NSetRequest(MPPS, uid), elements)]),
  async commit(at, { elements, same }) {
    const request = new requests.NActionRequest(COMMITMENT, COMMITMENT_INSTANCE, 1);
    withDataset(request, elements);
    if (same) {
      let report;
      const answers = await ask(at, [request], (said, callback) => (report = take(said, callback)));
      return [...answers, report];
    }
    const listener = listen(at.listen);
    try {
      const answers = await ask(at, [request]);
      return [...answers, await listener.report];
    } finally {
      listener.close();
    }
  },
};

async function main() {
  log.setLevel("silent");
  const { at, steps } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  const outcomes = [];
  for (const [kind, values] of steps) outcomes.push(await STEPS[kind](at, values));
  process.stdout.write(JSON.stringify(outcomes));
}

main().catch((error) => {
  process.stderr.write(`${error.stack || error}\n`);
  process.exitCode = 1;
});
