import { z } from 'zod';
import { anyLinuxUser, maxLinuxUserName } from './linux-users.ts';
import { isPlainText } from './plain-text.ts';

/** 24 hex digits: a MongoDB ObjectId. */
export const UserId = z
  .string()
  .regex(/^[0-9a-f]{24}$/, 'must be a user id')
  .meta({ example: '6b0d11b30f314f303f7162c8' });
/** `ag_` and 26 characters of lower-case Crockford base32: 130 bits. The hub creates it at registration. */
export const AgentId = z
  .string()
  .regex(/^ag_[0-9a-hjkmnp-tv-z]{26}$/, 'must be a machine id (ag_…)')
  .meta({ example: 'ag_c2e3cqadrjszfnw79kz63pvzs8' });
/** 128 random bits as base64url without padding (22 characters). The terminal service creates it. */
export const SessionId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be a session id')
  .meta({ example: 'nYqApRiQvBLxPY80olZrIw' });
/** 128 random bits as base64url without padding (22 characters). The viewer creates it. It identifies the writer of input. */
export const ViewerId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be a viewer id')
  .meta({ example: '0XojruubUVM83u9X9VSQKA' });
/** RFC 3339 in UTC, with Z. */
export const Timestamp = z.iso.datetime().meta({ example: '2026-11-30T09:30:00.000Z' });
/** The name of an account of passwd(5). A directory has names such as `CORP\alice` and `alice@corp`. At most 255 bytes of UTF-8. */
export const LinuxUserName = z
  .string()
  .min(1)
  .max(maxLinuxUserName)
  .refine(
    (name) => new TextEncoder().encode(name).length <= maxLinuxUserName,
    `must have at most ${maxLinuxUserName} bytes`,
  )
  .refine((name) => name !== anyLinuxUser && !name.includes(':') && isPlainText(name), 'must be the name of an account')
  .meta({ example: 'deploy' });
