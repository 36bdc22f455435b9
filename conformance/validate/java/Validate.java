import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.text.ParseException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Validates access tokens of Lanyard in an API, with Nimbus JOSE + JWT, which Spring Security uses too.
 *
 * <pre>java -cp nimbus-jose-jwt.jar Validate.java ISSUER AUDIENCE</pre>
 *
 * For each line {@code TOKEN} or {@code TOKEN ORGANIZATION ROLE LOCATION} of the input it prints {@code accepted},
 * {@code forbidden} or {@code refused: …}. In an API, one processor is made at start and {@code refused} is answered with
 * 401, {@code forbidden} with 403.
 */
final class Validate {
    /** Answers the claims of a token, or throws why it is none. */
    static DefaultJWTProcessor<SecurityContext> processor(String issuer, String audience) throws Exception {
        var address = URI.create(issuer + "/.well-known/openid-configuration");
        var answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
        var metadata = JSONObjectUtils.parse(answer.body());
        if (!issuer.equals(metadata.get("issuer"))) {
            throw new IllegalStateException(issuer + " calls itself " + metadata.get("issuer"));
        }
        // Keys are kept for ten minutes; an unknown key id fetches them again, at most twice in 30 seconds.
        JWKSource<SecurityContext> keys = JWKSourceBuilder.create(URI.create((String) metadata.get("jwks_uri")).toURL())
                .cache(600_000, 15_000).refreshAheadCache(false).rateLimited(30_000).build();
        var processor = new DefaultJWTProcessor<SecurityContext>();
        // An ID token is no access token.
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt")));
        // Chosen here, not by the token. EdDSA needs the library Tink beside Nimbus.
        var algorithms = Set.of(JWSAlgorithm.ES256, JWSAlgorithm.RS256);
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms, keys));
        // Clocks may differ by 60 seconds, which is the default.
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(audience,
                new JWTClaimsSet.Builder().issuer(issuer).build(),
                Set.of("exp", "iat", "jti", "sub", "client_id", "org_id")));
        return processor;
    }

    /** Whether the role holds at the location; {@code roles} and {@code locations} must never be combined for this. */
    static boolean holds(JWTClaimsSet claims, String organization, String role, String location) {
        if (!organization.equals(claims.getClaim("org_id")) || !(claims.getClaim("assignments") instanceof List<?> all)) {
            return false;
        }
        return all.stream().anyMatch(one -> one instanceof Map<?, ?> assignment
                && role.equals(assignment.get("role"))
                && isThere(assignment, location));
    }

    /** No location is the whole organization; an assignment at a region lists the places below it. */
    static boolean isThere(Map<?, ?> assignment, String location) {
        var own = assignment.get("location");
        return own == null || location.equals(own)
                || assignment.get("locations") instanceof List<?> below && below.contains(location);
    }

    public static void main(String[] arguments) throws Exception {
        var processor = processor(arguments[0], arguments[1]);
        var input = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = input.readLine()) != null; ) {
            var words = line.split(" ");
            try {
                var claims = processor.process(words[0], null);
                var allowed = words.length < 4 || holds(claims, words[1], words[2], words[3]);
                System.out.println(allowed ? "accepted" : "forbidden");
            } catch (ParseException | BadJOSEException | JOSEException fault) {
                System.out.println("refused: " + fault.getMessage());
            }
        }
    }
}
