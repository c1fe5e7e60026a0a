import { z } from 'zod';

/** 24 hex digits: a MongoDB ObjectId. */
export const UserId = z.string().regex(/^[0-9a-f]{24}$/, 'must be a user id');
/** `ag_` and 26 characters of lower-case Crockford base32: 130 bits. The hub creates it at registration. */
export const AgentId = z.string().regex(/^ag_[0-9a-hjkmnp-tv-z]{26}$/, 'must be a machine id (ag_…)');
/** 128 random bits as base64url without padding (22 characters). The terminal service creates it. */
export const SessionId = z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be a session id');
/** 128 random bits as base64url without padding (22 characters). The viewer creates it. It identifies the writer of input. */
export const ViewerId = z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/, 'must be a viewer id');
/** RFC 3339 in UTC, with Z. */
export const Timestamp = z.iso.datetime();
