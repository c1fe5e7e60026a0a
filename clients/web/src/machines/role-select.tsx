import { Select } from '@mantine/core';
import { GrantRole } from '@webxterm/contracts/rest';

const roles = [
  { value: 'control', label: 'Open terminals' },
  { value: 'view', label: 'See it only' },
];

/** The field for the role of a grant. */
export const RoleSelect = ({ role, onRole }: { role: GrantRole; onRole: (role: GrantRole) => void }) => (
  <Select
    label="May"
    size="sm"
    w={170}
    data={roles}
    value={role}
    allowDeselect={false}
    onChange={(value) => onRole(GrantRole.parse(value))}
  />
);
