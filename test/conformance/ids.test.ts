import { systemIds } from '#adapters/system/system-ids.ts';
import { describeIds } from './ids.ts';

describeIds('system', () => systemIds);
