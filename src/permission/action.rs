//! What can be done in Lanyard itself, and the one table that says what each action takes.

/// Something done in Lanyard's console, API or account pages to what belongs to an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See name and looks of the organization.
    ReadOrganization,
    /// Change name, looks, kinds of membership and attribute rules.
    UpdateOrganization,
    /// See a member.
    ReadPerson,
    /// Make somebody a member without asking them.
    CreatePerson,
    /// Invite somebody, or see, send again and revoke an invitation.
    InvitePerson,
    /// Edit a member's profile, identifiers and kind.
    UpdatePerson,
    /// Send a link by which the person sets a new password.
    SendRecoveryLink,
    /// Ask, or agree, that a member who has lost every factor is let in once without; or end that.
    RecoverFactors,
    /// Suspend a member, or let them in again.
    DisablePerson,
    /// End a membership.
    RemovePerson,
    /// See and end a member's sessions.
    EndSessions,
    /// See the locations.
    ReadLocations,
    /// Create, rename, move, close or open a location.
    ManageLocation,
    /// See roles and what they grant.
    ReadRoles,
    /// Create, change or remove a role.
    ManageRole,
    /// Assign a role.
    AssignRole,
    /// End an assignment.
    EndAssignment,
    /// Grant a member a permission directly.
    GrantPermission,
    /// Deny a member a permission, or take back a direct entry.
    DenyPermission,
    /// See the groups and who is in them.
    ReadGroups,
    /// Create, rename, nest or remove a group.
    ManageGroup,
    /// Put a member into a group, with the roles that it carries.
    JoinGroup,
    /// Take a member out of a group.
    LeaveGroup,
    /// Give a group a role.
    GiveGroupRole,
    /// Claim, verify or give up a domain.
    ManageDomains,
    /// See which apps are used.
    ReadApps,
    /// Activate apps and manage the organization's own clients.
    ManageApps,
    /// Change policies.
    ManagePolicies,
    /// Read the audit log.
    ReadAudit,
    /// Export the audit log.
    ExportAudit,
}

/// Where the permission must be held for the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Somewhere, at whichever location.
    Anywhere,
    /// In the whole organization.
    Everywhere,
    /// At the location in question.
    Place,
    /// At one of the places where the person works.
    SeePerson,
    /// At every place where the person works; an owner is changed by an owner alone.
    ChangePerson,
    /// Wherever the roles are to hold, with everything in Lanyard that they bring; owner is given by an owner alone.
    Grant,
}

impl Action {
    /// Every action.
    pub const ALL: &[Self] = &[
        Self::ReadOrganization,
        Self::UpdateOrganization,
        Self::ReadPerson,
        Self::CreatePerson,
        Self::InvitePerson,
        Self::UpdatePerson,
        Self::SendRecoveryLink,
        Self::RecoverFactors,
        Self::DisablePerson,
        Self::RemovePerson,
        Self::EndSessions,
        Self::ReadLocations,
        Self::ManageLocation,
        Self::ReadRoles,
        Self::ManageRole,
        Self::AssignRole,
        Self::EndAssignment,
        Self::GrantPermission,
        Self::DenyPermission,
        Self::ReadGroups,
        Self::ManageGroup,
        Self::JoinGroup,
        Self::LeaveGroup,
        Self::GiveGroupRole,
        Self::ManageDomains,
        Self::ReadApps,
        Self::ManageApps,
        Self::ManagePolicies,
        Self::ReadAudit,
        Self::ExportAudit,
    ];

    /// The permission that the action takes, and where it must be held.
    #[must_use]
    pub const fn requirement(self) -> (&'static str, Rule) {
        match self {
            Self::ReadOrganization => ("lanyard:organization:read", Rule::Anywhere),
            Self::UpdateOrganization => ("lanyard:organization:update", Rule::Everywhere),
            Self::ReadPerson => ("lanyard:people:read", Rule::SeePerson),
            Self::CreatePerson => ("lanyard:people:create", Rule::Grant),
            Self::InvitePerson => ("lanyard:invitations:manage", Rule::Grant),
            Self::UpdatePerson | Self::SendRecoveryLink | Self::RecoverFactors => {
                ("lanyard:people:update", Rule::ChangePerson)
            }
            Self::DisablePerson => ("lanyard:people:disable", Rule::ChangePerson),
            Self::RemovePerson => ("lanyard:people:remove", Rule::ChangePerson),
            Self::EndSessions => ("lanyard:sessions:end", Rule::ChangePerson),
            Self::ReadLocations => ("lanyard:locations:read", Rule::Anywhere),
            Self::ManageLocation => ("lanyard:locations:manage", Rule::Place),
            Self::ReadRoles => ("lanyard:roles:read", Rule::Anywhere),
            Self::ManageRole => ("lanyard:roles:manage", Rule::Grant),
            Self::AssignRole | Self::EndAssignment | Self::GrantPermission => ("lanyard:roles:assign", Rule::Grant),
            Self::DenyPermission => ("lanyard:roles:assign", Rule::ChangePerson),
            Self::ReadGroups => ("lanyard:groups:read", Rule::Anywhere),
            Self::ManageGroup => ("lanyard:groups:manage", Rule::Everywhere),
            Self::JoinGroup | Self::GiveGroupRole => ("lanyard:groups:manage", Rule::Grant),
            Self::LeaveGroup => ("lanyard:groups:manage", Rule::ChangePerson),
            Self::ManageDomains => ("lanyard:domains:manage", Rule::Everywhere),
            Self::ReadApps => ("lanyard:apps:read", Rule::Anywhere),
            Self::ManageApps => ("lanyard:apps:manage", Rule::Everywhere),
            Self::ManagePolicies => ("lanyard:policies:manage", Rule::Everywhere),
            Self::ReadAudit => ("lanyard:audit:read", Rule::Everywhere),
            Self::ExportAudit => ("lanyard:audit:export", Rule::Everywhere),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::directory::role::template::ALL_PERMISSIONS;

    #[test]
    fn every_action_takes_a_registered_permission_and_every_permission_serves() {
        let taken: BTreeSet<&str> = Action::ALL.iter().map(|action| action.requirement().0).collect();
        assert_eq!(taken, ALL_PERMISSIONS.iter().copied().collect());
    }
}
