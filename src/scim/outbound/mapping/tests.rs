use serde_json::json;

use super::*;
use crate::{
    audit::Actor,
    clock::Timestamp,
    directory::{membership::Membership, origin::Origin, provisioning::Record, validity::Validity},
    id::{MembershipId, OrganizationId, UserId},
};

fn known() -> Known {
    Known {
        membership: Membership {
            id: MembershipId::from_stored("mem_a".into()),
            organization_id: OrganizationId::from_stored("org_a".into()),
            user_id: UserId::from_stored("usr_a".into()),
            kind: "practitioner".parse().unwrap(),
            profession: Some("Nurse".into()),
            registration_number: Some("N1".into()),
            registration_body: None,
            registration_expires_at: None,
            verification: None,
            specialty: None,
            title: Some("Dr".into()),
            origin: Origin::by(&Actor::Server),
            validity: Validity::ALWAYS,
            created_at: Timestamp(0),
            disabled_at: None,
            removed_at: None,
            tokens_void_before: None,
        },
        name: "Priya Nair".parse().unwrap(),
        given_name: Some("Priya".into()),
        family_name: None,
        email: Some("priya@x.example".parse().unwrap()),
        phone: None,
        locale: Some("en".into()),
        picture: Some("https://x.example/p.png".into()),
        updated_at: Timestamp(0),
        is_pending: false,
        manager_left_at: None,
        external_id: None,
        record: None,
    }
}

fn recorded() -> Known {
    let Value::Object(attributes) = json!({
        "userName": "pnair", "roles": [{"value": "billing"}],
        (ENTERPRISE_USER.id): {"department": "GP", "manager": {"value": "7"}},
    }) else {
        panic!("an object")
    };
    let record = Record {
        user_name: "pnair".into(),
        attributes,
        sources: std::collections::BTreeMap::new(),
        updated_at: Timestamp(0),
    };
    Known { record: Some(record), external_id: Some("4711".into()), ..known() }
}

fn mapped(known: &Known, user_name: UserNameFrom, rules: Vec<Rule>) -> Result<Value, String> {
    let document = Mapping { user_name, rules }.document(known, &"riverside".parse().unwrap());
    document.map(Value::Object).map_err(|problem| problem.detail)
}

fn set(path: &str, text: &str) -> Rule {
    Rule::Set(path.to_owned(), text.parse().unwrap())
}

#[test]
fn an_app_is_told_what_every_app_knows() {
    let found = mapped(&known(), UserNameFrom::LoginName, vec![]).unwrap();
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "priya@x.example", "externalId": "mem_a", "active": true, "displayName": "Priya Nair", "title": "Dr",
        "name": {"formatted": "Priya Nair", "givenName": "Priya"}, "preferredLanguage": "en",
        "emails": [{"value": "priya@x.example", "type": "work", "primary": true}],
    });
    assert_eq!(found, expected);
    let found = mapped(&recorded(), UserNameFrom::LoginName, vec![]).unwrap();
    assert_eq!(found["userName"], "pnair");
    assert_eq!(found[ENTERPRISE_USER.id], json!({"department": "GP"}), "the manager's id means nothing there");
    assert!(found.get("roles").is_none());
}

#[test]
fn what_people_are_called_is_chosen() {
    for (from, of_known, of_recorded) in [
        (UserNameFrom::LoginName, Ok("priya@x.example"), "pnair"),
        (UserNameFrom::Email, Ok("priya@x.example"), "priya@x.example"),
        (UserNameFrom::ExternalId, Err("Priya Nair has no external id to be called by"), "4711"),
    ] {
        let found = mapped(&known(), from, vec![]).map(|found| found["userName"].as_str().unwrap().to_owned());
        assert_eq!(found.as_deref().map_err(String::as_str), of_known, "{from:?}");
        assert_eq!(mapped(&recorded(), from, vec![]).unwrap()["userName"], of_recorded, "{from:?}");
    }
}

#[test]
fn rules_set_drop_and_send_attributes() {
    let department = format!("{}:department", ENTERPRISE_USER.id);
    for (rules, pointer, expected) in [
        (vec![set("title", "{profession} ({kind})")], "/title", json!("Nurse (practitioner)")),
        (vec![set("title", "{phone}")], "/title", Value::Null),
        (vec![set("nickName", "{phone}")], "/nickName", Value::Null),
        (vec![set("name.familyName", "of {organization}")], "/name/familyName", json!("of riverside")),
        (
            vec![set(r#"emails[type eq "work"].value"#, "{user_id}@y.example")],
            "/emails/0/value",
            json!("usr_a@y.example"),
        ),
        (vec![set(r#"phoneNumbers[type eq "work"].value"#, "112")], "/phoneNumbers/0/value", json!("112")),
        (
            vec![set(&department, "Ward")],
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("Ward"),
        ),
        (vec![Rule::Drop("emails".into())], "/emails", Value::Null),
        (vec![Rule::Drop("name.formatted".into())], "/name", json!({"givenName": "Priya"})),
        (vec![Rule::Drop("timezone".into())], "/timezone", Value::Null),
        (vec![Rule::Send("photos".into())], "/photos/0/value", json!("https://x.example/p.png")),
        (vec![Rule::Send("roles".into())], "/roles/0/value", json!("billing")),
        (vec![set("title", "a"), set("title", "{title}")], "/title", json!("Dr")),
    ] {
        let found = mapped(&recorded(), UserNameFrom::LoginName, rules.clone()).unwrap();
        assert_eq!(found.pointer(pointer).cloned().unwrap_or_default(), expected, "{rules:?}");
        assert_eq!((&found["externalId"], &found["active"]), (&json!("mem_a"), &json!(true)), "{rules:?}");
    }
    let sent = mapped(&known(), UserNameFrom::LoginName, vec![Rule::Send(crate::scim::schema::PRACTITIONER.id.into())]);
    assert_eq!(sent.unwrap()[crate::scim::schema::PRACTITIONER.id]["registrationNumber"], "N1");
}

#[test]
fn a_rule_that_cannot_be_followed_is_refused_when_it_is_made() {
    for (rule, expected) in [
        (set("title", "x"), None),
        (set(r#"emails[type eq "work"].value"#, "x"), None),
        (Rule::Send("roles".into()), None),
        (Rule::Send(ENTERPRISE_USER.id.into()), None),
        (Rule::Drop("name.formatted".into()), None),
        (set("salary", "x"), Some("'salary' is not an attribute of User")),
        (set("emails", "x"), Some("holds several values")),
        (set("emails[type pr]", "x"), Some("holds several values")),
        (set("name", "x"), Some("holds several values")),
        (set(ENTERPRISE_USER.id, "x"), Some("holds several values")),
        (set("userName", "x"), Some("not for rules")),
        (Rule::Drop("externalId".into()), Some("not for rules")),
        (Rule::Drop("active".into()), Some("not for rules")),
        (set("password", "x"), Some("not for rules")),
        (Rule::Send("groups".into()), Some("not for rules")),
        (Rule::Send("name.givenName".into()), Some("is a part")),
    ] {
        let found = rule.check().err().map(|error| error.to_string());
        match expected {
            None => assert_eq!(found, None, "{rule:?}"),
            Some(part) => assert!(found.as_ref().is_some_and(|text| text.contains(part)), "{rule:?}: {found:?}"),
        }
    }
}

#[test]
fn a_text_names_only_what_there_is() {
    for (text, expected) in [
        ("plain", None),
        ("", None),
        ("{name} <{email}>", None),
        ("{salary}", Some("`{salary}` stands for nothing")),
        ("{name", Some("`{name}` stands for nothing")),
        ("{}", Some("`{}` stands for nothing")),
    ] {
        let found = text.parse::<Template>().err().map(|error| error.to_string());
        assert_eq!(found.is_some(), expected.is_some(), "{text}: {found:?}");
        assert!(found.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{text}");
    }
    let rule = set("title", "{name}");
    let stored = serde_json::to_string(&rule).unwrap();
    assert_eq!(serde_json::from_str::<Rule>(&stored).unwrap(), rule);
}
