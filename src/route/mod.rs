//! Who is told, in which role, by which rule.

use crate::fault::{self, Planted};
use crate::model::code::{Domain, MemberState, MsgType, Role, RoleReason, Scope, Severity};
use crate::model::decision::Reasons;
use crate::model::event::InfractionEvent;
use crate::model::place::Jurisdiction;
use crate::model::rules::{Member, MemberIndex, Rules};
use crate::model::state::Told;
use crate::model::told::ToldList;

/// What routing depends on besides the rules and those told before.
#[derive(Debug, Clone)]
pub struct Matter<'a> {
    pub origin: Jurisdiction,
    pub domain: Domain,
    pub severity: Severity,
    pub scope: Scope,
    pub naming: Naming<'a>,
    /// Everyone who was told of any event of its case.
    pub case_told: &'a ToldList,
    /// Where the index shows the organisation.
    pub places: &'a Places,
    pub msg_type: MsgType,
    /// False where nobody new is to be told, since the term is over.
    pub newcomers: bool,
    /// True where every role is ATTENTION (BACKFILL).
    pub attention_only: bool,
}

/// Where the index shows an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    pub registered_in: Vec<Jurisdiction>,
    /// Where it holds a number of the jurisdiction's own (ERRU jurisdiction of establishment).
    pub established_in: Vec<Jurisdiction>,
    /// Where it has open cases.
    pub open_in: Vec<Jurisdiction>,
}

impl Places {
    /// The reasons for which a jurisdiction is to follow up.
    pub fn reasons(&self, jurisdiction: Jurisdiction) -> impl Iterator<Item = RoleReason> {
        let shown = [
            (RoleReason::RegisteredThere, &self.registered_in),
            (RoleReason::EstablishmentThere, &self.established_in),
            (RoleReason::OpenCaseThere, &self.open_in),
        ];
        shown.into_iter().filter(move |(_, places)| places.contains(&jurisdiction)).map(|(reason, _)| reason)
    }
}

/// Whether an event says who is to follow up.
#[derive(Debug, Clone, Copy)]
pub enum Naming<'a> {
    /// These and no others.
    Stated {
        for_follow_up: &'a [Jurisdiction],
        for_attention: &'a [Jurisdiction],
        /// The members of the sharing groups that it names.
        sharing: &'a [Jurisdiction],
    },
    /// It is of a kind that carries no names (a closure): whoever was told keeps its role.
    Silent,
}

impl<'a> Naming<'a> {
    /// What an event says; `sharing` are the members of its groups.
    pub fn of(event: &'a InfractionEvent, sharing: &'a [Jurisdiction]) -> Self {
        Self::Stated { for_follow_up: &event.for_follow_up, for_attention: &event.for_attention, sharing }
    }

    fn shares(&self, jurisdiction: Jurisdiction) -> bool {
        match self {
            Self::Stated { sharing, .. } => sharing.contains(&jurisdiction),
            Self::Silent => false,
        }
    }

    fn follow_up(&self, jurisdiction: Jurisdiction) -> bool {
        match self {
            Self::Stated { for_follow_up, .. } => for_follow_up.contains(&jurisdiction),
            Self::Silent => false,
        }
    }

    fn attention(&self, jurisdiction: Jurisdiction) -> bool {
        match self {
            Self::Stated { for_attention, .. } => for_attention.contains(&jurisdiction),
            Self::Silent => false,
        }
    }
}

/// One recipient with its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Routed {
    pub member: MemberIndex,
    pub role: Role,
    /// The role before, where it was another.
    pub role_before: Option<Role>,
    pub reasons: Reasons,
}

/// The members of the sharing groups that an event names; `None` where one is no group of the federation.
pub fn shared_with(rules: &Rules, event: &InfractionEvent) -> Option<Vec<Jurisdiction>> {
    let mut sharing = Vec::new();
    for name in &event.sharing_groups {
        sharing.extend(&rules.groups.iter().find(|group| group.name == *name)?.members);
    }
    Some(sharing)
}

/// Those told before and today's route, in the order of the members.
pub fn recipients(rules: &Rules, matter: &Matter<'_>, told: &[Told]) -> Vec<Routed> {
    let mut routed = Vec::with_capacity(rules.members.len());
    for (member, index) in rules.members.iter().zip(0..) {
        if member.jurisdiction == matter.origin {
            continue;
        }
        let before = told_of(told, index).map(|told| told.role);
        let on_route = matter.newcomers && is_on_route((index, member), matter);
        let is_told = match member.state {
            MemberState::Active if fault::planted(Planted::CorrectedByTodaysRouting) => on_route,
            MemberState::Active => on_route || before.is_some(),
            MemberState::Left => before.is_some() && matter.msg_type != MsgType::Alert,
            MemberState::Retired => false,
        };
        if is_told {
            routed.push(role_of(member.jurisdiction, index, matter, before, on_route));
        }
    }
    routed
}

/// Those told before, whatever the rules are now, each in the role that it has: of a withdrawal or an expiry.
pub fn told_again(rules: &Rules, told: &[Told]) -> Vec<Routed> {
    let reachable = |told: &&Told| {
        let member = rules.members.get(usize::from(told.member));
        member.is_some_and(|member| member.state != MemberState::Retired)
    };
    let again = |told: &Told| Routed {
        member: told.member,
        role: told.role,
        role_before: None,
        reasons: RoleReason::ToldBefore.into(),
    };
    told.iter().filter(reachable).map(again).collect()
}

/// True where a member would be on the route of an event whose origin names nobody.
pub fn is_entitled(member: &Member, origin: Jurisdiction, domain: Domain, severity: Severity, scope: Scope) -> bool {
    member.jurisdiction != origin
        && member.state == MemberState::Active
        && scope == Scope::Federation
        && passes_filter(member, domain, severity)
}

/// What one recipient got last; `told` is sorted by member.
pub fn told_of(told: &[Told], member: MemberIndex) -> Option<&Told> {
    told.binary_search_by_key(&member, |told| told.member).ok().and_then(|place| told.get(place))
}

/// Today's route. Whoever is named and was told of the case before is told whatever it filters; of what is not
/// RESTRICTED it is told as one who was told before.
fn is_on_route((index, member): (MemberIndex, &Member), matter: &Matter<'_>) -> bool {
    let naming = &matter.naming;
    let place = member.jurisdiction;
    let named = naming.follow_up(place) || naming.attention(place) || naming.shares(place);
    let in_scope = match matter.scope {
        Scope::Federation => true,
        Scope::Restricted => named,
    };
    let overrides = || matter.scope == Scope::Restricted && matter.case_told.of(index).is_some();
    let passes = || passes_filter(member, matter.domain, matter.severity) || overrides();
    member.state == MemberState::Active && in_scope && passes()
}

/// A severity that nobody stated passes: it could be any.
fn passes_filter(member: &Member, domain: Domain, severity: Severity) -> bool {
    let wants_domain = member.domains.is_empty() || member.domains.contains(&domain);
    wants_domain && (severity == Severity::Unknown || severity >= member.least_severity)
}

fn role_of(
    jurisdiction: Jurisdiction,
    member: MemberIndex,
    matter: &Matter<'_>,
    before: Option<Role>,
    on_route: bool,
) -> Routed {
    if let (Naming::Silent, Some(role)) = (matter.naming, before) {
        return Routed { member, role, role_before: None, reasons: RoleReason::ToldBefore.into() };
    }
    let mut reasons = Reasons::default();
    let mut role = Role::Attention;
    let named = matter.naming.follow_up(jurisdiction).then_some(RoleReason::NamedForFollowUp);
    let follow_up = named.into_iter().chain(matter.places.reasons(jurisdiction));
    for reason in follow_up.filter(|_| !matter.attention_only) {
        role = Role::FollowUp;
        reasons = reasons.with(reason);
    }
    if matter.naming.attention(jurisdiction) {
        reasons = reasons.with(RoleReason::NamedForAttention);
    }
    if matter.naming.shares(jurisdiction) {
        reasons = reasons.with(RoleReason::SharingGroup);
    }
    if reasons.is_empty() {
        reasons = reasons.with(if on_route { RoleReason::EveryMember } else { RoleReason::ToldBefore });
    }
    Routed { member, role, role_before: before.filter(|before| *before != role), reasons }
}
