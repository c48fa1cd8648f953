import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { Kafka, logLevel } from 'kafkajs';
import { CommandFailure, EXIT, type Speech } from '../../speech.js';
import { type Form, openDistributedForm, openEmbeddedForm } from './forms.js';
import { bareRoundTrip, commandRoundTrip, grpcHop, type Hop, storeAppend } from './hops.js';
import { type FormFigures, measureForm, ordersOf, type PhasesPlan } from './phases.js';
import { type DistributedReport, goalsOf, reportAsJson, tables } from './present.js';

export type DistributedOptions = { readonly seconds: number; readonly warmSeconds: number; readonly rates: readonly number[]; readonly file?: string };

/** Orders a second that neither form exceeds on few cores; stock is laid in for them. */
const FASTEST = { embedded: 4_000, distributed: 500 } as const;
const CHANNEL = 'chn_dist';

/** Measures the distributed form beside the embedded one and beside the bare broker, in one run. Exit 1 where a goal is missed. */
export const benchDistributed = async (speech: Speech, { file, ...plan }: DistributedOptions): Promise<number> => {
  const { note, t } = speech;
  const loadBefore = os.loadavg()[0]!;
  note(t('… 一体机', '… embedded'));
  const embedded = await measured(() => openEmbeddedForm(ordersOf(plan, FASTEST.embedded)), plan, note);
  note(t('… 分布式', '… distributed'));
  const apart = await measured(() => openDistributedForm(ordersOf(plan, FASTEST.distributed), (zh, en) => note(t(zh, en))), plan, note, hopsOf);
  const report: DistributedReport = { behind: apart.behind, forms: [embedded.figures, apart.figures], hops: apart.more ?? [], loadBefore };
  if (file === undefined) speech.result(reportAsJson(report), () => tables(report));
  else {
    writeFileSync(file, `${JSON.stringify(reportAsJson(report), null, 2)}\n`);
    for (const line of tables(report)) speech.say(line);
  }
  return goalsOf(report).every(({ met }) => met) ? EXIT.ok : EXIT.refused;
};

type Measured = { readonly figures: FormFigures; readonly behind: readonly string[]; readonly more?: readonly Hop[] };
const measured = async (open: () => Promise<Form>, plan: PhasesPlan, note: (line: string) => void, more?: (form: Form) => Promise<readonly Hop[]>): Promise<Measured> => {
  const form = await open().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.unavailable, `未能启动：${reason}`, `it did not start: ${reason}`);
  });
  try {
    const figures = await measureForm(form, plan, note);
    return { figures, behind: form.behind, ...(more && { more: await more(form) }) };
  } finally {
    await form.close();
  }
};

/** With the cluster up and idle: each step alone. */
const hopsOf = async ({ cluster }: Form): Promise<readonly Hop[]> => {
  if (!cluster) return [];
  const kafka = new Kafka({ clientId: 'vouchsafe-bench', brokers: [...cluster.kafka], logLevel: logLevel.NOTHING });
  return [await bareRoundTrip(kafka), await commandRoundTrip(cluster.kafka), await grpcHop(cluster, CHANNEL), await storeAppend(cluster)];
};
