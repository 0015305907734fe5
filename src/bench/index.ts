/** Load for any ZooKeeper server, and what it says about one. */
export { checkMachine, type Finding } from './check.js';
export type { Target } from './lane.js';
export { LOAD_DEFAULTS, runScenario, type RunOptions, type RunResult, type RunWatch } from './runScenario.js';
export type { LoadOptions, Measurement, Scenario } from './scenario.js';
export { isScenarioName, scenarioNames, scenarios, type ScenarioName } from './scenarios.js';
export { usageOf, type Usage } from './usage.js';
