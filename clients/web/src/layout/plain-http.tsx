import { Alert } from '@mantine/core';

/** A browser takes plain http for secure on loopback only. */
export const PlainHttp = () =>
  window.isSecureContext ? null : (
    <Alert role="alert" color="red" variant="filled" radius={0} title="This connection is not encrypted">
      Anyone on the network can read your password and everything you type. Ask your administrator for an https://
      address.
    </Alert>
  );
