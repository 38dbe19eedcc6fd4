// A node of OpenSearch out of its published jars, for tests: `java -cp 'jars/*' OpenSearchNode.java setting=value …`, until it is killed.

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

public class OpenSearchNode extends Node {
    private OpenSearchNode(Settings settings) {
        super(InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "node"),
            List.of(org.opensearch.transport.Netty4Plugin.class, org.opensearch.analysis.common.CommonAnalysisPlugin.class), true);
    }

    public static void main(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String argument : arguments) {
            String[] parts = argument.split("=", 2);
            if (parts[1].contains(",")) {
                settings.putList(parts[0], Arrays.asList(parts[1].split(",")));
            } else {
                settings.put(parts[0], parts[1]);
            }
        }
        new OpenSearchNode(settings.build()).start();
        Thread.currentThread().join();
    }
}
