import root from '../../flotilla.config.ts';
import { defineConfig } from '../../shared/contracts/config.ts';

/** The tasks of the root's configuration, against a simulated provider with some of a real one's bad days. */
export default defineConfig({
  ...root,
  simulator: {
    faults: {
      // One reply is lost on the way: its batch exists, is found again by what it holds, and is not bought twice.
      'create-accept-then-drop': { calls: [2] },
      // Two in a hundred fail on the provider's side and are tried again, each alone.
      'item-transient': 0.02,
      // One answer is a refusal: a dead letter, by plan.
      'item-refusal': { calls: [150] },
    },
  },
});
