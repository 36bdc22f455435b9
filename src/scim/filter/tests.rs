use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scim::{
    document::Document,
    schema::{Attribute, Kind},
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PRACTITIONER: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

fn barbara() -> Document {
    let resource = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE, PRACTITIONER],
        "id": "mem_1", "externalId": "Bjensen", "userName": "bjensen@example.com", "title": "", "active": true,
        "userType": "Employee", "nickName": "Bárb",
        "name": {"familyName": "O'Malley", "givenName": "Barbara"},
        "emails": [
            {"value": "bjensen@example.com", "type": "work", "primary": true},
            {"value": "babs@jensen.example", "type": "home"}
        ],
        "meta": {"lastModified": "2011-05-13T04:42:34Z"},
        ENTERPRISE: {"department": "Tours \"A\"", "manager": {"value": "mem_2", "$ref": "../Users/mem_2"}},
        PRACTITIONER: {"specialties": ["Knee", "hip"]}
    });
    let Value::Object(members) = resource else { panic!("an object") };
    members
}

/// RFC 7644 §3.4.2.2, the examples there among them.
#[test]
fn filters_match_as_the_specification_says() {
    for (filter, expected) in [
        (r#"userName eq "BJENSEN@example.com""#, true),
        (r#"name.familyName co "O'Malley""#, true),
        (r#"userName sw "B""#, true),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#, false),
        ("title pr", false),
        ("userType pr", true),
        ("name pr", true),
        ("addresses pr", false),
        (r#"meta.lastModified gt "2011-05-13T04:42:33Z""#, true),
        (r#"meta.lastModified ge "2011-05-13T06:42:34+02:00""#, true),
        (r#"meta.lastModified lt "2011-05-13T04:42:34Z""#, false),
        (r#"meta.lastModified le "2011-05-13T04:42:34Z""#, true),
        (r#"meta.lastModified eq "2011-05-13T05:42:34+01:00""#, true),
        (r#"title pr and userType eq "Employee""#, false),
        (r#"title pr or userType eq "employee""#, true),
        (&format!(r#"schemas eq "{ENTERPRISE}""#), true),
        (r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#, true),
        (r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#, false),
        (r#"userType eq "Employee" and (emails.type eq "work")"#, true),
        (r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#, true),
        (r#"emails[type eq "home" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#, false),
        // Case rules per attribute.
        (r#"externalId eq "Bjensen""#, true),
        (r#"externalId eq "bjensen""#, false),
        (r#"nickName ew "ÁRB""#, true),
        (r#"id gt "mem_0" and id le "mem_1" and id lt "mem_10""#, true),
        // One value that matches is enough; in brackets it is one and the same.
        (r#"emails.type eq "home" and emails.value ew "example.com""#, true),
        (r#"emails[type eq "home"].value eq "babs@jensen.example""#, true),
        (r#"emails[type eq "work"].value eq "babs@jensen.example""#, false),
        (r#"emails[primary eq "True"].value sw "bj""#, true),
        (r#"emails[not (type eq "work") and primary ne true]"#, true),
        (r#"emails[primary pr and type eq "home"]"#, false),
        (r#"emails ne "bjensen@example.com""#, true),
        (r#"name[givenName eq "barbara"]"#, true),
        (&format!(r#"{PRACTITIONER}:specialties eq "knee""#), true),
        (&format!(r#"{PRACTITIONER}:specialties[value sw "h"]"#), true),
        (&format!(r#"{PRACTITIONER}:specialties.value eq "shoulder""#), false),
        // What is absent.
        (r#"displayName eq "x""#, false),
        (r#"displayName ne "x""#, true),
        ("displayName eq null", true),
        ("displayName ne null", false),
        ("userName ne null", true),
        (r#"not (displayName eq "x")"#, true),
        (r#"title eq """#, true),
        ("addresses[country eq null]", false),
        ("active eq true", true),
        (r#"active eq "False""#, false),
        ("active ne false", true),
        // Extensions, escapes, spelling.
        (&format!(r#"{ENTERPRISE}:manager eq "mem_2""#), true),
        (&format!(r#"{}:MANAGER.VALUE Eq "mem_2""#, ENTERPRISE.to_uppercase()), true),
        (&format!(r#"{ENTERPRISE}:manager.$ref ew "/mem_2""#), true),
        (&format!(r#"{ENTERPRISE}:department eq "tours \"\u0061\"""#), true),
        (r#"  NOT(userName   EQ	"x")  AND ( active EQ true )  "#, true),
        // `and` binds more than `or`.
        ("active eq true or active eq true and active eq false", true),
        ("(active eq true or active eq true) and active eq false", false),
    ] {
        let parsed = Filter::parse(ResourceType::User, filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        assert_eq!(parsed.matches(&barbara()), expected, "{filter}");
        assert_eq!(Filter::parse(ResourceType::User, &parsed.to_string()), Ok(parsed), "{filter}");
    }
}

#[test]
fn a_filter_that_means_nothing_is_refused_with_the_place() {
    let deep = format!("{}title pr{}", "(".repeat(17), ")".repeat(17));
    let long = format!(r#"title eq "{}""#, "x".repeat(4096));
    let many = vec!["title pr"; 51].join(" or ");
    let end = "where an attribute is wanted";
    for (filter, expected) in [
        ("", format!("The filter has the end at character 1, {end}")),
        ("   ", format!("The filter has the end at character 4, {end}")),
        ("userName", "The filter has the end at character 9, where an operator is wanted".into()),
        ("userName xx \"a\"", "The filter has 'xx \"a\"' at character 10, where an operator is wanted".into()),
        ("userName eq", "The filter has the end at character 12, where a blank is wanted".into()),
        (r#"userName eq"a""#, "The filter has '\"a\"' at character 12, where a blank is wanted".into()),
        (
            "userName eq 'a'",
            "The filter has ''a'' at character 13, where a string in double quotes, a number, true, false or null is wanted".into(),
        ),
        (r#"userName eq "a"#, "The filter has '\"a' at character 13, where a JSON string is wanted".into()),
        (r#"userName eq "\q""#, "The filter has '\"\\q\"' at character 13, where a JSON string is wanted".into()),
        (r#"userName eq "a"x"#, "The filter has 'x' at character 16, where 'and', 'or' or the end is wanted".into()),
        (r#"userName eq "a"and title pr"#, "The filter has 'and title pr' at character 16, where 'and', 'or' or the end is wanted".into()),
        ("title pr and", format!("The filter has the end at character 13, {end}")),
        ("title pr and ", format!("The filter has the end at character 14, {end}")),
        ("(title pr", "The filter has the end at character 10, where 'and', 'or' or ')' is wanted".into()),
        ("title pr)", "The filter has ')' at character 9, where 'and', 'or' or the end is wanted".into()),
        ("not title pr", "'not' is not an attribute of User".into()),
        (r#"nick eq "x""#, "'nick' is not an attribute of User".into()),
        (r#"emails[kind eq "x"]"#, "'kind' is not a sub-attribute of 'emails'".into()),
        (r#"emails[value eq "x"][type pr]"#, "The filter has '[type pr]' at character 21, where 'and', 'or' or the end is wanted".into()),
        ("emails[emails[type pr]]", "'emails' is not a sub-attribute of 'emails'".into()),
        ("emails.value[type pr]", "'emails.value' cannot be followed by '['".into()),
        (r#"userName[value eq "x"]"#, "'userName' cannot be followed by '['".into()),
        (r#"name eq "x""#, "'name' is an object: compare one of its sub-attributes".into()),
        ("userName eq 7", "'userName' is compared with a value of another kind than string".into()),
        ("userName eq true", "'userName' is compared with a value of another kind than string".into()),
        ("userName eq \"a\\u0000\"", "'userName' is compared with a text that holds a null character".into()),
        ("userName gt null", "'userName' cannot be compared by gt (null)".into()),
        (r#"active eq "yes""#, "'active' is compared with a value of another kind than boolean".into()),
        ("active gt true", "'active' cannot be compared by gt (boolean)".into()),
        (r#"x509Certificates.value lt "MII=""#, "'value' cannot be compared by lt (binary)".into()),
        (r#"meta.created sw "2011""#, "'created' cannot be compared by sw (dateTime)".into()),
        (r#"meta.created gt "yesterday""#, "'created' is compared with a value of another kind than dateTime".into()),
        (r#"password eq "t1meMa$heen""#, "'password' cannot be searched for".into()),
        ("password pr", "'password' cannot be searched for".into()),
        (&deep, "The filter is nested more than 16 deep".into()),
        (&long, "The filter is longer than 4096 bytes".into()),
        (&many, "The filter has more than 50 comparisons".into()),
    ] {
        let error = Filter::parse(ResourceType::User, filter).expect_err(filter);
        assert_eq!((error.scim_type, error.detail), (Some(ScimType::InvalidFilter), expected), "{filter}");
    }
}

#[test]
fn the_bounds_themselves_are_allowed() {
    for filter in [
        format!("{}title pr{}", "(".repeat(16), ")".repeat(16)),
        format!(r#"title eq "{}""#, "x".repeat(LONGEST - 11)),
        vec!["title pr"; MOST_TERMS].join(" and "),
        format!("{}emails[type pr]{}", "not (".repeat(15), ")".repeat(15)),
    ] {
        assert!(Filter::parse(ResourceType::User, &filter).is_ok(), "{filter:.40}");
    }
}

#[test]
fn a_store_learns_what_every_match_has() {
    for (filter, expected) in [
        (r#"userName eq "a""#, r#"userName eq "a""#),
        (r#"userName eq "a" and active eq true and title co "x""#, r#"userName eq "a", active eq true"#),
        (r#"(userName sw "a" and (id eq "b"))"#, r#"userName sw "a", id eq "b""#),
        (r#"emails[type eq "work" and value eq "a"]"#, r#"emails.type eq "work", emails.value eq "a""#),
        (r#"emails eq "a""#, r#"emails.value eq "a""#),
        (r#"userName eq "a" or id eq "b""#, ""),
        (r#"not (userName eq "a")"#, ""),
        ("userName eq null", ""),
        ("userName pr", ""),
        (r#"userName ne "a""#, ""),
    ] {
        let parsed = Filter::parse(ResourceType::User, filter).unwrap();
        let found = parsed.required_equalities();
        let found: Vec<_> =
            found.iter().map(|(path, operator, value)| format!("{path} {} {value}", operator.name())).collect();
        assert_eq!(found.join(", "), expected, "{filter}");
    }
}

#[test]
fn numbers_are_compared_as_numbers() {
    let count = Attribute { kind: Kind::Integer, ..*ResourceType::User.attribute("title").unwrap() };
    for (operator, given, expected) in [
        (Operator::Eq, json!(7), Ok(Literal::Number(7.into()))),
        (Operator::Gt, json!(7), Ok(Literal::Number(7.into()))),
        (Operator::Eq, json!("7"), Err("'title' is compared with a value of another kind than integer".to_owned())),
        (Operator::Co, json!(7), Err("'title' cannot be compared by co (integer)".to_owned())),
    ] {
        assert_eq!(Literal::typed(&count, operator, given), expected);
    }
    assert_eq!(matching::numbers(&7.into(), &9.into()), Some(std::cmp::Ordering::Less));
    assert_eq!(matching::numbers(&7.into(), &"6.5".parse().unwrap()), Some(std::cmp::Ordering::Greater));
}

/// Text of the grammar, with attributes of every kind.
pub(in crate::scim) fn any_filter() -> impl Strategy<Value = String> {
    let comparison = |names: &'static [&'static str]| {
        let operator = prop::sample::select(vec!["eq", "NE", "co", "sw", "ew", "gt", "ge", "lt", "le"]);
        let value = prop_oneof![
            "[a-z\"\\\\ä\\]) ]{0,6}".prop_map(|text| Value::from(text).to_string()),
            Just("true".to_owned()),
            Just("null".to_owned()),
            Just("\"2011-05-13T04:42:34Z\"".to_owned()),
            Just("-1.5e3".to_owned()),
        ];
        (prop::sample::select(names), operator, value, any::<bool>()).prop_map(|(name, operator, value, pr)| {
            if pr { format!("{name} pr") } else { format!("{name} {operator} {value}") }
        })
    };
    let inner = nested(comparison(&["type", "value", "primary", "display"]).boxed());
    let values = (prop::sample::select(vec!["emails", "x509Certificates", "roles"]), inner)
        .prop_map(|(name, inner)| format!("{name}[{inner}]"));
    let names: &[&str] = &[
        "userName",
        "emails",
        "name.familyName",
        "active",
        "meta.created",
        "ID",
        "externalId",
        "name",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.$ref",
        "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner:specialties",
    ];
    nested(prop_oneof![comparison(names), values].boxed())
}

fn nested(leaf: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let grown = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} and {other}")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} OR {other}")),
            inner.clone().prop_map(|one| format!("not ({one})")),
            inner.prop_map(|one| format!("( {one})")),
        ]
    });
    grown.boxed()
}

proptest! {
    #[test]
    fn printing_and_parsing_gives_the_same_filter(text in any_filter()) {
        if let Ok(filter) = Filter::parse(ResourceType::User, &text) {
            let _ = filter.matches(&barbara());
            // What is desugared may grow by a little; the text of a filter at the bound may then be too long.
            prop_assert_eq!(Filter::parse(ResourceType::User, &filter.to_string()), Ok(filter));
        }
    }

    /// A condition and its opposite never both hold, and what a store is told to look for is in every match.
    #[test]
    fn a_match_has_what_is_required(text in any_filter()) {
        let Ok(filter) = Filter::parse(ResourceType::User, &text) else { return Ok(()) };
        let document = barbara();
        prop_assert_ne!(filter.matches(&document), Filter::Not(Box::new(filter.clone())).matches(&document));
        if filter.matches(&document) {
            for (path, operator, value) in filter.required_equalities() {
                let alone = Filter::Compare(Comparison { path: *path, operator, value: value.clone() });
                prop_assert!(alone.matches(&document), "{} of {}", alone, filter);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}", before in any_filter()) {
        for text in [text.clone(), format!("{before}{text}"), format!("{text}{before}"), format!("emails[{text}]")] {
            for kind in ResourceType::ALL {
                if let Ok(filter) = Filter::parse(kind, &text) {
                    let _ = filter.matches(&barbara());
                }
            }
        }
    }
}
