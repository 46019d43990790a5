import { type ExtraVectors, extraVectorChecks } from '../support/extra-vectors.ts';
import { type LogVectors, logVectorChecks } from '../support/log-vectors.ts';
import { type Vectors, vectorChecks } from '../support/vectors.ts';

export interface Report {
  passed: number;
  failures: string[];
}

const load = async (name: string) => (await fetch(`/vectors/${name}`)).json();

/** Run every frozen vector where this is called: in a page or in a worker. */
export async function runVectors(): Promise<Report> {
  const checks = [
    ...vectorChecks((await load('cordee1.json')) as Vectors),
    ...extraVectorChecks((await load('cordee1-extra.json')) as ExtraVectors),
    ...logVectorChecks((await load('cordee1-log.json')) as LogVectors),
  ];
  const report: Report = { passed: 0, failures: [] };
  for (const { name, run } of checks) {
    try {
      await run();
      report.passed += 1;
    } catch (error) {
      report.failures.push(`${name}: ${String(error)}`);
    }
  }
  return report;
}
