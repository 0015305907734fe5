/** All scenarios in the order in which they are run. */
import { countedScenarios } from './counted.js';
import type { Scenario } from './scenario.js';
import { throughputScenarios } from './throughput.js';

/** A scenario's name. */
export type ScenarioName = keyof typeof throughputScenarios | keyof typeof countedScenarios;

/** The scenarios by name. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  ...throughputScenarios,
  ...countedScenarios,
};

/** Their names, in order. */
export const scenarioNames: readonly ScenarioName[] = [
  'get',
  'set',
  'create',
  'create-es',
  'ls',
  'mixed',
  'multi',
  'connect',
  'idle',
  'watch',
  'fill',
];

export function isScenarioName(text: string): text is ScenarioName {
  return Object.hasOwn(scenarios, text);
}
