import { z } from 'zod';
import { consoleHostDefault, consolePortDefault, consoleTokenCharactersMin } from './config-defaults.ts';

/** Screens. On an address that others reach they are not served without a token. */
export const consoleConfigSchema = z.strictObject({
  host: z.string().min(1).default(consoleHostDefault).describe('Address that `flotilla console` listens on.'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(consolePortDefault)
    .describe('Port of `flotilla console`; 0 takes any that is free.'),
  token: z
    .string()
    .regex(
      new RegExp(`^(?:sha256:[0-9a-f]{64}|(?!sha256:)[\\x21-\\x7e]{${consoleTokenCharactersMin},512})$`),
      `must be ${consoleTokenCharactersMin} to 512 printable characters, or sha256: and the 64 hex digits of its hash`,
    )
    .optional()
    .meta({ description: 'Who may look has to send it. Needed on any address but loopback.', shownAs: 'secret' }),
});
