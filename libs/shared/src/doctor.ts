export * from './doctor/checks.ts';
export * from './doctor/finding.ts';
export * from './doctor/run-doctor.ts';
