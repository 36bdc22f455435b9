//! The events themselves.

use serde::Serialize;

use crate::{
    id::{
        AssignmentId, ClientSecretId, ConnectionId, ConnectionTokenId, DomainId, FactorId, FamilyId, GroupId,
        InvitationId, LocationId, MembershipId, OrganizationId, RecoveryId, RegistrationTokenId, RetentionHoldId,
        RoleId, SessionId, Sid, StationId, TargetId, UpstreamId, UserId,
    },
    storage::Revision,
};

/// Whether what was tried was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Success,
    /// Refused.
    Failure,
}

impl Outcome {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $action:literal $outcome:ident { $($field:ident: $type:ty),* $(,)? } $($resource:ident)? $([$($counter:ident),+])?;)*) => {
        /// Every security-relevant event. Fields named `user` and `client` are the person and the client concerned.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[expect(missing_docs, reason = "fields carry the names of the things they identify")]
        pub enum Event {
            $($(#[$doc])* $name { $($field: $type),* },)*
        }

        impl Event {
            /// What was done, as stored and filtered.
            #[must_use]
            pub const fn action(&self) -> &'static str {
                match self { $(Self::$name { .. } => $action,)* }
            }

            /// Whether it was done.
            #[must_use]
            pub const fn outcome(&self) -> Outcome {
                match self { $(Self::$name { .. } => Outcome::$outcome,)* }
            }

            /// What is kept in memory and no longer so. No change is without its event: so it is the event that tells
            /// caches. What ends tokens before their time is told by the statement that ends them.
            pub(super) const fn outdates(&self) -> &'static [Revision] {
                match self { $(Self::$name { .. } => &[$($(Revision::$counter),+)?],)* }
            }

            /// Every action there is, for help texts and checks.
            pub const ACTIONS: &[&str] = &[$($action),*];

            /// The text of the field `wanted`, where the event has it.
            pub(super) fn field(&self, wanted: &str) -> Option<String> {
                match self { $(
                    #[allow(unused_variables, reason = "some events have no fields")]
                    Self::$name { $($field),* } => {
                        $(if wanted == stringify!($field) { return Some($field.to_string()); })*
                        None
                    }
                )* }
            }

            /// The name of the field that identifies what was changed.
            pub(super) const fn resource_field(&self) -> &'static str {
                match self { $(Self::$name { .. } => events!(@resource $($resource)?),)* }
            }
        }
    };
    (@resource $field:ident) => { stringify!($field) };
    (@resource) => { "" };
}

events! {
    /// A person signed in, and all that is asked of them is proved. `factor` is the one beside the password, `client` the app
    /// that sent them; empty where there is none.
    SignIn "sign-in" Success { user: UserId, session: SessionId, amr: String, factor: String, client: String } session;
    /// The password was right of a person who has a second factor, which is asked for now: nobody has signed in yet.
    FirstFactor "first-factor" Success { user: UserId, session: SessionId, amr: String, client: String } session;
    /// A sign-in was refused. `user` is empty where the name is not known.
    SignInFailure "sign-in" Failure { user: String, reason: String };
    /// A person proved who they are once more.
    Reauthentication "reauthentication" Success { user: UserId, session: SessionId, amr: String, factor: String, client: String } session;
    /// A session ended.
    SignOut "sign-out" Success { user: UserId, session: SessionId, reason: String } session;
    /// An app was told that a session has ended.
    LogoutDelivery "logout-delivery" Success { user: UserId, client: String, sid: Sid } sid;
    /// An app could not be told that a session has ended, and is told no more.
    LogoutDeliveryFailure "logout-delivery" Failure { user: UserId, client: String, sid: Sid, reason: String } sid;
    /// An app could not be told for five minutes that a session has ended; it is tried further.
    LogoutDelay "logout-delay" Failure { user: UserId, client: String, sid: Sid } sid;
    /// A person went on in another organization without signing in again.
    Switch "organization-switch" Success { user: UserId, session: SessionId, client: String } session;
    /// A switch was refused.
    SwitchFailure "organization-switch" Failure { user: UserId, client: String, reason: String };
    /// An app's authorization request was answered with a code.
    Authorization "authorization" Success { user: UserId, client: String, family: FamilyId, scope: String } family;
    /// A person was refused an app.
    AuthorizationFailure "authorization" Failure { user: UserId, client: String, reason: String };
    /// An access token was issued.
    TokenIssue "token-issue" Success { user: String, client: String, grant_type: &'static str, token: String } token;
    /// A client got a token to act for a person, which the token says.
    Delegation "delegation" Success { user: UserId, client: String, actor: String, token: String } token;
    /// A client got a token to act as a person, which the token does not say.
    Impersonation "impersonation" Success { user: UserId, client: String, token: String } token;
    /// A client asked a person by the back channel.
    BackchannelRequest "backchannel-authentication" Success { user: UserId, client: String } client;
    /// Tokens were refreshed.
    TokenRefresh "token-refresh" Success { user: UserId, client: String, family: FamilyId, token: String } family;
    /// A refresh token was used a second time; its family is revoked.
    TokenReplay "token-replay" Failure { user: UserId, client: String, family: FamilyId } family;
    /// A code was used a second time; its tokens are revoked.
    CodeReplay "code-replay" Failure { user: UserId, client: String, family: FamilyId } family;
    /// A token and what descends from it was revoked.
    TokenRevocation "token-revocation" Success { user: String, client: String, token: String } token;
    /// A client failed to authenticate. `times` counts how often from this network within the hour; beyond the fifth time
    /// only each doubling is written.
    ClientAuthenticationFailure "client-authentication" Failure { client: String, reason: String, times: u64 } client;
    /// A person allowed an app.
    Consent "consent" Success { user: UserId, client: String, scope: String } client;
    /// A person withdrew what an app was allowed.
    ConsentWithdrawal "consent-withdrawal" Success { user: UserId, client: String } client;
    /// A person accepted a text.
    Acceptance "acceptance" Success { user: UserId, document: String, version: String } document;
    /// A password was set or changed. `by` is `person`, `reset` or `administrator`.
    PasswordChange "password-change" Success { user: UserId, by: String } [Directory];
    /// A person signed in in a browser in which they never did, though they are known elsewhere.
    NewDevice "new-device" Success { user: UserId, session: SessionId } session;
    /// So many sign-ins failed that nobody comes in for a while. `what` is `account` (but for browsers in which the person is
    /// known) or `device` (one of those); `until` is empty where an administrator has to unlock it.
    AccountLock "account-lock" Success { user: UserId, what: &'static str, failures: u64, until: String } user;
    /// An administrator unlocked an account.
    AccountUnlock "account-unlock" Success { user: UserId } user;
    /// A second factor was refused.
    SecondFactorFailure "second-factor" Failure { user: UserId, reason: &'static str };
    /// A code was sent to a person; `kind` is that of the factor.
    CodeSending "code-sending" Success { user: UserId, kind: &'static str };
    /// As many text messages were sent within an hour as there may be: no more are for now. Written down once an hour.
    TextMessagesExhaustion "text-messages-exhaustion" Failure { user: UserId, most: u64 };
    /// A recovery code was used up.
    RecoveryCodeUse "recovery-code-use" Success { user: UserId };
    /// A factor was set up; `kind` is `totp`, `passkey`, `email` or `sms`.
    FactorEnrolment "factor-enrolment" Success { user: UserId, factor: FactorId, kind: &'static str } factor;
    /// A passkey was closed for good: it counted back, so that there may be a copy of it. Or codes by mail were: a new password
    /// came by the same way.
    FactorClosure "factor-closure" Success { user: UserId, factor: FactorId } factor;
    /// A factor was removed. `by` is `person`, `reset`, `replaced`, `take-back`, `recovery` or `administrator`.
    FactorRemoval "factor-removal" Success { user: UserId, factor: FactorId, by: &'static str } factor;
    /// A person is not asked for a second factor in this browser for a time.
    DeviceRemembering "device-remembering" Success { user: UserId, session: SessionId } session;
    /// A person is asked for it everywhere again. `by` is `person`, `factors` (they changed) or `administrator`.
    DevicesForgetting "devices-forgetting" Success { user: UserId, by: &'static str };
    /// The owner undid, by the link in a letter, what whoever knew the password had changed.
    AccountTakeBack "account-take-back" Success { user: UserId };
    /// Somebody asked to let a person in who has lost every factor.
    RecoveryRequest "recovery-request" Success { user: UserId, recovery: RecoveryId, reason: String } recovery;
    /// Somebody else agreed: the person was mailed a link.
    RecoveryApproval "recovery-approval" Success { user: UserId, recovery: RecoveryId, by: &'static str } recovery;
    /// It goes no further. `by` is `requester`, `administrator` or `person`.
    RecoveryEnd "recovery-end" Success { user: UserId, recovery: RecoveryId, by: &'static str } recovery;
    /// The person removed every factor by the link and the password.
    RecoveryUse "recovery-use" Success { user: UserId, recovery: RecoveryId } recovery;
    /// An emergency account was made.
    EmergencyCreation "emergency-creation" Success { user: UserId, slug: String } user [Directory, Policies];
    /// An emergency account got another link; its key signs nobody in any more.
    EmergencyRotation "emergency-rotation" Success { user: UserId, slug: String } user;
    /// An emergency account signed in, which it does once.
    EmergencyUse "emergency-use" Success { user: UserId, slug: String } user;
    /// An emergency account was removed.
    EmergencyRemoval "emergency-removal" Success { user: UserId, slug: String } user [Directory, Policies];
    /// New recovery codes took the place of all former ones.
    RecoveryCodesIssue "recovery-codes-issue" Success { user: UserId };
    /// A password reset was asked for.
    PasswordResetRequest "password-reset-request" Success { user: UserId };
    /// A person's login address was changed and verified.
    EmailChange "email-change" Success { user: UserId, from: String, to: String } [Directory];
    /// A person was created.
    UserCreation "user-creation" Success { user: UserId } user [Directory];
    /// A profile was edited.
    UserUpdate "user-update" Success { user: UserId, attributes: String } user [Directory];
    /// A person was disabled.
    UserDisabling "user-disabling" Success { user: UserId } user [Directory];
    /// From when until when a person can sign in was changed.
    UserValidity "user-validity" Success { user: UserId, from: String, until: String } user [Directory];
    /// The last day of an account has come.
    UserExpiry "user-expiry" Success { user: UserId } user [Directory];
    /// A person was enabled again.
    UserEnabling "user-enabling" Success { user: UserId } user [Directory];
    /// A person was erased; the id stays.
    UserDeletion "user-deletion" Success { user: UserId } user [Directory];
    /// A person was not erased: an organization holds the record.
    UserDeletionFailure "user-deletion" Failure { user: UserId, reason: &'static str } user;
    /// A person is to be erased as soon as nobody holds the record.
    ErasureRequest "erasure-request" Success { user: UserId } user;
    /// An organization keeps the record of a person from being erased. `until` is empty for a hold without an end.
    RetentionHold "retention-hold" Success { user: UserId, hold: RetentionHoldId, until: String } hold;
    /// A hold was released.
    RetentionHoldRelease "retention-hold-release" Success { user: UserId, hold: RetentionHoldId } hold;
    /// The time of a hold is over.
    RetentionHoldExpiry "retention-hold-expiry" Success { user: UserId, hold: RetentionHoldId } hold;
    /// An organization was created.
    OrganizationCreation "organization-creation" Success { organization: OrganizationId } organization [Directory, Policies];
    /// An organization was edited.
    OrganizationUpdate "organization-update" Success { organization: OrganizationId, attributes: String } organization [Directory, Policies];
    /// A location was created.
    LocationCreation "location-creation" Success { location: LocationId, slug: String } location [Directory, Policies];
    /// A location was edited, moved or closed.
    LocationUpdate "location-update" Success { location: LocationId, change: String } location [Directory, Policies];
    /// A person became a member.
    MembershipCreation "membership-creation" Success { user: UserId, membership: MembershipId, kind: String } membership [Directory];
    /// A membership was edited.
    MembershipUpdate "membership-update" Success { user: UserId, membership: MembershipId, attributes: String } membership [Directory];
    /// A registration was compared with the register (`verified`), or that counts no more (`unverified`).
    RegistrationVerification "registration-verification" Success { user: UserId, membership: MembershipId, state: String } membership [Directory];
    /// The person whom an outside source had named took the place that was kept for them.
    MembershipClaim "membership-claim" Success { user: UserId, membership: MembershipId, placeholder: UserId } membership [Directory];
    /// A membership was disabled.
    MembershipDisabling "membership-disabling" Success { user: UserId, membership: MembershipId } membership [Directory];
    /// The last day of a membership has come: sessions and tokens there have ended.
    MembershipExpiry "membership-expiry" Success { user: UserId, membership: MembershipId } membership [Directory];
    /// A membership was enabled again.
    MembershipEnabling "membership-enabling" Success { user: UserId, membership: MembershipId } membership [Directory];
    /// A membership ended.
    MembershipRemoval "membership-removal" Success { user: UserId, membership: MembershipId } membership [Directory];
    /// A role was created.
    RoleCreation "role-creation" Success { role: RoleId, slug: String } role [Directory, Policies];
    /// A role's permissions or parents were changed.
    RoleUpdate "role-update" Success { role: RoleId, change: String } role [Directory, Policies];
    /// A role was removed.
    RoleRemoval "role-removal" Success { role: RoleId, slug: String } role [Directory, Policies];
    /// A role was assigned. `location` is `*` for the whole organization.
    AssignmentCreation "assignment-creation" Success { user: UserId, assignment: AssignmentId, role: String, location: String } assignment [Directory];
    /// An assignment ended.
    AssignmentRemoval "assignment-removal" Success { user: UserId, assignment: AssignmentId, role: String, location: String } assignment [Directory];
    /// A permission was granted to or denied a member directly, or that was taken back.
    PermissionChange "permission-change" Success { user: UserId, permission: String, effect: String } permission [Directory];
    /// A group was created.
    GroupCreation "group-creation" Success { group: GroupId, slug: String } group [Directory, Policies];
    /// A group's name, parents or roles were changed.
    GroupUpdate "group-update" Success { group: GroupId, change: String } group [Directory, Policies];
    /// A group was removed.
    GroupRemoval "group-removal" Success { group: GroupId, slug: String } group [Directory, Policies];
    /// The rule of a group cannot be gone through; it is tried further.
    GroupRuleFailure "group-rule" Failure { group: GroupId, reason: String } group;
    /// A member joined a group.
    GroupJoin "group-join" Success { user: UserId, group: GroupId } group [Directory];
    /// A member left a group.
    GroupLeave "group-leave" Success { user: UserId, group: GroupId } group [Directory];
    /// An invitation was sent.
    InvitationCreation "invitation-creation" Success { invitation: InvitationId, email: String } invitation;
    /// An invitation was sent again; the earlier link is void.
    InvitationResend "invitation-resend" Success { invitation: InvitationId } invitation;
    /// An invitation was revoked.
    InvitationRevocation "invitation-revocation" Success { invitation: InvitationId } invitation;
    /// An invitation was accepted.
    InvitationAcceptance "invitation-acceptance" Success { user: UserId, invitation: InvitationId } invitation;
    /// An invitation was rejected by the invited person.
    InvitationRejection "invitation-rejection" Success { user: String, invitation: InvitationId } invitation;
    /// A domain was claimed.
    DomainAddition "domain-addition" Success { domain: DomainId, name: String } domain;
    /// A domain was verified.
    DomainVerification "domain-verification" Success { domain: DomainId, name: String, by: String } domain;
    /// A domain was removed.
    DomainRemoval "domain-removal" Success { domain: DomainId, name: String } domain;
    /// A client was created.
    ClientCreation "client-creation" Success { client: String } client [Clients];
    /// A client registered itself; `token` is the initial access token that it came by.
    ClientRegistration "client-registration" Success { client: String, token: String } client [Clients];
    /// A client was refused that wanted to register itself, or to look after its registration; counted as failed
    /// authentications are.
    ClientRegistrationFailure "client-registration" Failure { reason: String, times: u64 };
    /// An initial access token was made.
    RegistrationTokenCreation "registration-token-creation" Success { token: RegistrationTokenId } token;
    /// An initial access token was revoked.
    RegistrationTokenRevocation "registration-token-revocation" Success { token: RegistrationTokenId } token;
    /// A client was edited.
    ClientUpdate "client-update" Success { client: String, attributes: String } client [Clients];
    /// A client was disabled or enabled.
    ClientSwitch "client-switch" Success { client: String, state: String } client [Clients];
    /// An organization activated an app.
    ClientActivation "client-activation" Success { client: String } client [Clients];
    /// An organization stopped using an app.
    ClientDeactivation "client-deactivation" Success { client: String } client [Clients, Policies];
    /// A client secret was made.
    SecretCreation "secret-creation" Success { client: String, secret: ClientSecretId } secret [Clients];
    /// A client secret was revoked.
    SecretRevocation "secret-revocation" Success { client: String, secret: ClientSecretId } secret [Clients];
    /// A connection was made, by which an outside system pushes people and groups.
    ConnectionCreation "connection-creation" Success { connection: ConnectionId, name: String } connection [Clients];
    /// What a connection may do was changed.
    ConnectionUpdate "connection-update" Success { connection: ConnectionId, attributes: String } connection [Clients];
    /// A connection was removed; its tokens ended.
    ConnectionRemoval "connection-removal" Success { connection: ConnectionId, name: String } connection [Clients];
    /// A token of a connection was made. `replaces` is the one that it follows and that ends at `until`.
    ConnectionTokenCreation "connection-token-creation" Success { connection: ConnectionId, token: ConnectionTokenId, replaces: String, until: String } token [Clients];
    /// A token of a connection was revoked.
    ConnectionTokenRevocation "connection-token-revocation" Success { connection: ConnectionId, token: ConnectionTokenId } token [Clients];
    /// An outside system failed to authenticate. `connection` is empty where nobody knows the token; `times` as for clients.
    ConnectionAuthenticationFailure "connection-authentication" Failure { connection: String, reason: String, times: u64 } connection;
    /// An app was named that people and groups are pushed to.
    TargetCreation "scim-target-creation" Success { target: TargetId, name: String, url: String } target;
    /// How an app is pushed to was changed.
    TargetUpdate "scim-target-update" Success { target: TargetId, attributes: String } target;
    /// Pushing to an app was paused or resumed.
    TargetSwitch "scim-target-switch" Success { target: TargetId, state: String } target;
    /// An app is not pushed to any more; whoever is in it stays there.
    TargetRemoval "scim-target-removal" Success { target: TargetId, name: String } target;
    /// People and groups were pushed to an app. `drift` counts what it had otherwise than it was told.
    TargetRun "scim-target-run" Success { target: TargetId, run: String, created: u64, changed: u64, left: u64, failed: u64, drift: u64 } target;
    /// An app cannot be pushed to; it is tried further, and the next time that it is said it was reached in between.
    TargetRunFailure "scim-target-run" Failure { target: TargetId, reason: String } target;
    /// So many people were to leave an app at once that nobody was, before somebody says that it is meant.
    TargetBrake "scim-target-brake" Failure { target: TargetId, leaving: u64, live: u64 } target;
    /// An identity provider or directory was named that the organization trusts.
    UpstreamCreation "upstream-creation" Success { upstream: UpstreamId, name: String, kind: String } upstream;
    /// What an upstream is told by was changed.
    UpstreamUpdate "upstream-update" Success { upstream: UpstreamId, attributes: String } upstream;
    /// An upstream was paused or resumed.
    UpstreamSwitch "upstream-switch" Success { upstream: UpstreamId, state: String } upstream;
    /// An upstream is not trusted any more; whom it brought stays.
    UpstreamRemoval "upstream-removal" Success { upstream: UpstreamId, name: String } upstream;
    /// A directory was read, and something followed.
    UpstreamRun "upstream-run" Success { upstream: UpstreamId, extent: String, added: u64, changed: u64, departed: u64, failed: u64 } upstream;
    /// A directory cannot be read; it is tried further, and the next time that it is said it was read in between.
    UpstreamRunFailure "upstream-run" Failure { upstream: UpstreamId, reason: String } upstream;
    /// So many people were to be shut out at once that nobody was, before somebody says that it is meant.
    UpstreamBrake "upstream-brake" Failure { upstream: UpstreamId, leaving: u64 } upstream;
    /// An upstream vouched for somebody who was not let in, or said what does not count: `subject` is whom it named.
    UpstreamRefusal "upstream-sign-in" Failure { upstream: UpstreamId, subject: String, reason: String } upstream;
    /// An upstream vouches for a person from now on.
    UpstreamLink "upstream-link" Success { upstream: UpstreamId, user: UserId, subject: String } upstream;
    /// A signing key was made, activated, retired, dropped or revoked.
    KeyChange "key-change" Success { key: String, change: String } key [Keys];
    /// A key of ours for SAML was made, put to use or removed.
    SamlKeyChange "saml-key-change" Success { key: String, state: String } key;
    /// The master key was replaced.
    MasterKeyChange "master-key-change" Success { key: String } key [Keys];
    /// A policy was changed.
    PolicyChange "policy-change" Success { policy: String, change: String } policy [Directory, Policies];
    /// A rule of a policy was set. `from` is empty where there was none, `user` where it is not for one member alone.
    PolicySet "policy-set" Success { user: String, setting: String, subject: String, from: String, to: String } setting [Policies];
    /// A rule of a policy was taken back; `user` as before.
    PolicyRemoval "policy-removal" Success { user: String, setting: String, subject: String, from: String } setting [Policies];
    /// A change of a rule is tried until then; `former` is what it was before, `user` as before.
    PolicyTrial "policy-trial" Success { user: String, setting: String, subject: String, former: String, until: String } setting;
    /// A change that was tried stays; `user` as before.
    PolicyKeep "policy-keep" Success { user: String, setting: String, subject: String } setting;
    /// A change that was tried and not kept was taken back; `user` as before.
    PolicyRollback "policy-rollback" Success { user: String, setting: String, subject: String, from: String, to: String } setting [Policies];
    /// A rule of a policy signed somebody out of the organization.
    PolicyEnd "policy-sign-out" Success { user: UserId, session: SessionId, setting: String, rules: String } session;
    /// A shared workstation was made.
    StationCreation "station-creation" Success { station: StationId, slug: String } station;
    /// Another link was made for a shared workstation.
    StationLink "station-link" Success { station: StationId, slug: String } station;
    /// A browser became a shared workstation.
    StationRegistration "station-registration" Success { station: StationId, slug: String } station;
    /// The browser of a shared workstation became another one.
    StationLeaving "station-leaving" Success { station: StationId, slug: String } station;
    /// A shared workstation was removed.
    StationRemoval "station-removal" Success { station: StationId, slug: String } station;
    /// A rule of a policy suspended a member who was not here for long.
    PolicySuspension "policy-suspension" Success { user: UserId, membership: MembershipId, setting: String, rules: String } membership;
    /// A rule of a policy has stopped somebody; `user` is empty for a service, `times` as for clients.
    PolicyRefusal "policy-refusal" Failure { user: String, client: String, setting: String, rules: String, times: u64 } setting;
    /// Somebody was let in from a network or country that rules call elsewhere; `country` is empty where it is not known.
    PolicyAlert "policy-alert" Success { user: UserId, client: String, setting: String, rules: String, country: String, times: u64 } setting;
    /// A session's cookie came from elsewhere than where rules let it count.
    SessionMisuse "session-misuse" Failure { user: UserId, session: SessionId, reason: &'static str } session;
    /// A sign of an attack; `user` is empty where it is about many, countries where they are not known.
    Signal "signal" Success { user: String, signal: &'static str, session: String, country: String, former_country: String, network: String, times: u64 } signal;
    /// Data left the server: an export or a backup.
    Export "export" Success { what: String } what;
    /// The database came back from a backup.
    Restore "restore" Success { what: String } what [Clients, Directory, Keys, Policies, Revocations];
    /// Somebody read the audit log.
    AuditReading "audit-reading" Success { filter: String } filter;
    /// Seals begin anew after a restore.
    ChainAnchor "chain-anchor" Success { reason: String };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name() {
        let event = Event::ClientUpdate { client: "portal".into(), attributes: "name".into() };
        assert_eq!(event.field("client").as_deref(), Some("portal"));
        assert_eq!(event.field("user"), None);
        assert_eq!(event.field(event.resource_field()).as_deref(), Some("portal"));
        assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"client":"portal","attributes":"name"}"#);
    }

    #[test]
    fn what_changes_is_told_to_the_caches_of_it_and_what_passes_to_none() {
        let user = UserId::from_stored("usr_a".into());
        let client = || "portal".to_owned();
        for (event, expected) in [
            (Event::UserDisabling { user: user.clone() }, &[Revision::Directory][..]),
            (Event::PasswordChange { user: user.clone(), by: "person".into() }, &[Revision::Directory]),
            (Event::ClientUpdate { client: client(), attributes: "name".into() }, &[Revision::Clients]),
            (Event::MasterKeyChange { key: "k".into() }, &[Revision::Keys]),
            (
                Event::PolicyChange { policy: "p".into(), change: "c".into() },
                &[Revision::Directory, Revision::Policies],
            ),
            (Event::Consent { user, client: client(), scope: "openid".into() }, &[]),
        ] {
            assert_eq!(event.outdates(), expected, "{event:?}");
        }
    }

    #[test]
    fn actions_are_kebab_case() {
        for action in Event::ACTIONS {
            assert!(action.bytes().all(|b| b == b'-' || b.is_ascii_lowercase()), "{action}");
        }
    }
}
